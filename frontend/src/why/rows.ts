/** What a row of the rules gives when it matches, read from the version of the settings that decided. */

import type { Step } from '../lib/decisions'
import { t } from '../lib/i18n'
import type { Allowance, Directory, RulesDocument, Stages } from '../lib/rules'

export interface Version { document: RulesDocument; directory: Directory | null }

/** Empty: the version is not known, or has no such row. */
export function rowGives(step: Step['id'], rowId: string, { document, directory }: Version): string {
  if (step === 'filter') return allowance(document.filter.find((row) => row.id === rowId)?.verdict)
  if (step === 'responsible') {
    const id = document.responsibles.find((row) => row.id === rowId)?.user_id
    return id ? directory?.users.find((user) => user.id === id)?.name ?? t('employee №{id}', { id }) : ''
  }
  const row = [...document.pipelines_primary.rows, ...document.pipelines_repeat.rows].find((one) => one.id === rowId)
  if (!row) return ''
  return row.verdict === 'allow' ? stagesText(row.stages, directory) : t('denied: the stage by default')
}

function allowance(verdict: Allowance | undefined): string {
  if (!verdict) return ''
  return verdict === 'allow' ? t('let into CRM') : t('kept out of CRM')
}

export function stagesText({ lead_stage: lead, category_id: category, deal_stage: deal }: Stages, directory: Directory | null): string {
  const pipeline = directory?.pipelines.find((one) => one.id === category)
  const named = (list: { id: string; name: string }[] | undefined, id: string) => list?.find((one) => one.id === id)?.name ?? id
  const ofDeal = [category !== null && (pipeline?.name ?? category), deal && named(pipeline?.stages, deal)].filter(Boolean).join(', ')
  const parts = [lead && `${t('Lead')}: ${named(directory?.lead_stages, lead)}`, ofDeal && `${t('Deal')}: ${ofDeal}`].filter(Boolean)
  return parts.join(' · ') || t('stages by default')
}
