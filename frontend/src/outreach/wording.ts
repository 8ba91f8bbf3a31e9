/** What to type, by the kinds of address that a channel understands. */

import { t } from '../lib/i18n'
import type { AddressKind } from '../lib/store/abilities'

export function wantedOf(kinds: AddressKind[]): string {
  const texts: Record<string, string> = {
    phone: t('Enter the number'),
    email: t('Enter the e-mail'),
    'phone,username': t('Enter the number or the @nickname'),
    'phone,email': t('Enter the number or the e-mail')
  }
  return texts[kinds.join(',')] ?? t('Enter the number, the @nickname or the e-mail')
}

export function placeholderOf(kinds: AddressKind[]): string {
  const samples: Record<AddressKind, string> = { phone: '+7 999 123-45-67', username: '@nickname', email: 'anna@shop.example' }
  return kinds.map((kind) => samples[kind]).join(' · ')
}
