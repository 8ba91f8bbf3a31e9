/** What rules make of an inquiry, line by line, so that two outcomes can stand side by side. */

import { personOf, stagesOf, type Names } from './naming'
import { t } from '../../lib/i18n'
import type { Creation, Outcome } from '../../lib/rules'
import { entityTitle } from '../rules/wording'

export interface OutcomeLine { id: string; label: string; before: string; after: string }

/** Only the lines that differ. */
export function differencesOf(before: Outcome, after: Outcome | null, names: Names): OutcomeLine[] {
  const lines = [
    { id: 'fate', label: t('In CRM'), of: fateOf },
    { id: 'responsible', label: t('Responsible'), of: (one: Outcome) => (one.responsible_id ? personOf(one.responsible_id, names) : '—') },
    { id: 'titles', label: t('Name'), of: (one: Outcome) => Object.values(one.titles ?? {}).filter(Boolean).map((title) => `«${title}»`).join(', ') || '—' },
    { id: 'stages', label: t('Stage'), of: (one: Outcome) => (one.stages ? stagesOf(one.stages, names) : '—') }
  ]
  if (!after) return [{ id: 'fate', label: t('In CRM'), before: fateOf(before), after: t('cannot be told') }]
  return lines.map(({ id, label, of }) => ({ id, label, before: of(before), after: of(after) })).filter((line) => line.before !== line.after)
}

function fateOf(outcome: Outcome): string {
  if (!outcome.allowed || outcome.kind === 'filtered') return t('Is not sent to CRM')
  if (outcome.create.length) return t('Creates: {what}', { what: outcome.create.map(entityOf).join(', ') })
  const targets = outcome.targets.map((target) => `${entityOf(target.type)}${target.id ? ` №${target.id}` : ''}`)
  return targets.length ? t('Comment in: {where}', { where: targets.join(', ') }) : t('Nothing changes in CRM')
}

/** Targets come by the number of their type, what is created by its name. */
const TYPES: Record<string, string> = { 1: 'lead', 2: 'deal', 3: 'contact', 4: 'company' }

function entityOf(given: string | number): string {
  const type = TYPES[given] ?? String(given)
  return (type === 'company' ? t('Company') : entityTitle(type as Creation) ?? type).toLowerCase()
}
