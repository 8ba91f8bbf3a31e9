/** Sentences of the settings. */

import { t } from '../lib/i18n'
import type { RulesDocument } from '../lib/rules'
import { clock, dayName } from '../lib/time'

/** What becomes of a new client, by the rules in force. */
export function crmSentence(rules: RulesDocument, linesActive: boolean): string {
  if (linesActive) return t('Leads and deals are made by the settings of the Open Lines.')
  const lead = rules.create_primary.includes('lead')
  if (lead && rules.create_primary.includes('deal')) return t('A new client becomes a lead and a contact with a deal in CRM.')
  return lead ? t('A new client becomes a lead in CRM.') : t('A new client becomes a contact with a deal in CRM.')
}

/** A moment inside a sentence: «вчера, 21:21». */
export function inline(time: string): string {
  const day = dayName(time)
  return `${[t('Today'), t('Yesterday')].includes(day) ? day.toLowerCase() : day}, ${clock(time)}`
}
