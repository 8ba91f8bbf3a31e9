/** Sentences of the settings. */

import { t } from '../lib/i18n'
import type { ChatSettings } from '../lib/types'

export function crmSentence(settings: ChatSettings): string {
  const texts: Record<ChatSettings['create'], string> = {
    deal: t('A new client becomes a contact with a deal in CRM.'),
    lead: t('A new client becomes a lead in CRM.'),
    none: t('Nothing is created in CRM for a new client.')
  }
  return texts[settings.create] ?? ''
}
