/** Offline requests in words. */

import { t } from '../lib/i18n'
import { phone } from '../lib/text'
import type { OfflineRequest, RequestStatus } from '../lib/types'

export function statusName(status: RequestStatus): string {
  return { new: t('Not processed'), active: t('In processing'), done: t('Processed') }[status]
}

const KINDS: Record<string, () => string> = {
  form: () => t('Form on a site'), widget: () => t('Site widget'), email: () => t('E-mail')
}

export function kindName(kind: string): string {
  return KINDS[kind]?.() ?? kind
}

export function kinds(): { id: string; name: string }[] {
  return Object.keys(KINDS).map((id) => ({ id, name: kindName(id) }))
}

/** Who left it: a name, else an address. */
export function whose({ name, phone: number, email, contact, id }: OfflineRequest): string {
  const known = contact.name === number ? '' : contact.name
  return name || known || (number ? phone(number) : email) || `№ ${id}`
}

/** What it says in one line. */
export function gist({ text, form_name: form, phone: number, email }: OfflineRequest): string {
  return text || form || [number && phone(number), email].filter(Boolean).join(', ')
}

export function siteOf({ page_url: address }: { page_url?: unknown }): string {
  try {
    return new URL(String(address)).host
  } catch {
    return ''
  }
}

/** Any value of a form as a line of text. */
export function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(', ')
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')
}
