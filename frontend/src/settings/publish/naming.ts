/** Paths and values of rules in people's words: «Фильтр ответственных, строка 2, сотрудник: Борис». */

import { t } from '../../lib/i18n'
import type { Condition, Creation, Directory, Group, ParameterGroup, Row, RulesDocument, RulesKind, Stages } from '../../lib/rules'
import type { Channel } from '../../lib/types'
import { entityTitle, ruleText } from '../rules/wording'

/** What ids are called on this portal. */
export interface Names {
  kind: RulesKind
  /** Where rows that a path names by id are looked for. */
  documents: RulesDocument[]
  directory: Directory | null
  parameters: ParameterGroup[]
  channels: Channel[]
}

type Plain = Record<string, unknown>

const ROWS = ['responsibles', 'filter', 'fields', 'rows']

/** Where on the page a path is. */
export function nameOf(path: string, { kind, documents }: Pick<Names, 'kind' | 'documents'>): string {
  const steps = path.split('.')
  const words = [sectionOf(steps[0] ?? '', kind)]
  for (const [at, step] of steps.entries()) {
    if (at === 0) continue
    if (ROWS.includes(steps[at - 1] ?? '')) words.push(rowName(steps.slice(0, at), step, documents))
    else if (step === 'when') return [...words, t('conditions')].filter(Boolean).join(', ')
    else words.push(partOf(step))
  }
  return words.filter(Boolean).join(', ')
}

/** A refusal counts rows, a change names them. */
function rowName(path: string[], row: string, documents: RulesDocument[]): string {
  const number = /^\d+$/.test(row) ? Number(row) : placeOf(path, row, documents)
  return number < 0 ? t('a row') : t('row {number}', { number: number + 1 })
}

function placeOf(path: string[], id: string, documents: RulesDocument[]): number {
  for (const document of documents) {
    const rows = path.reduce<unknown>((part, name) => (part as Plain | undefined)?.[name], document)
    const place = Array.isArray(rows) ? (rows as Row[]).findIndex((row) => row.id === id) : -1
    if (place >= 0) return place
  }
  return -1
}

function sectionOf(name: string, kind: RulesKind): string {
  const chats = kind === 'chats'
  const titles: Record<string, string> = {
    active: chats ? t('Chats') : t('Offline requests'),
    channels: chats ? t('Chat channels') : t('Sites with requests'),
    responsible_id: t('Default responsible'),
    responsibles: t('Filter of responsible people'),
    create_primary: t('First inquiry'),
    create_repeat: t('Repeat inquiry'),
    comment_priority: t('Priority of adding comments'),
    pipelines_primary: t('Pipeline filter: first inquiry'),
    pipelines_repeat: t('Pipeline filter: repeat inquiry'),
    transcript: t('When to write'),
    copy_to_contact_company: t('Also save comments to the contact/company'),
    filter: t('Filtering'),
    filter_default: t('Filtering: everything else'),
    titles: t('Templates of names'),
    fields: t('Field mapping'),
    write_to_closed: t('Add data to closed leads/deals'),
    deadline_minutes: t('Deadline of the to-do')
  }
  return titles[name] ?? name
}

function partOf(name: string): string {
  const titles: Record<string, string> = {
    rows: '', stages: '',
    default: t('by default'),
    place: t('place in the list'),
    user_id: t('employee'),
    verdict: t('Allow or Denied'),
    lead_stage: t('lead stage'),
    category_id: t('deal pipeline'),
    deal_stage: t('deal stage'),
    lead: entityTitle('lead'),
    deal: entityTitle('deal'),
    activity: entityTitle('activity'),
    contact: entityTitle('contact'),
    entity: t('entity'),
    field: t('field'),
    value: t('value')
  }
  return titles[name] ?? name
}

/** A value of a path; undefined and null of a row mean that there is no such row. */
export function valueOf(path: string, value: unknown, names: Names): string {
  const steps = path.split('.')
  const leaf = steps.at(-1) ?? ''
  if (isRow(steps)) return value ? rowOf(value as Plain, names) : t('none')
  if (leaf === 'channels') return channelsOf(value, names)
  if (leaf === 'responsible_id' || leaf === 'user_id') return personOf(value, names)
  if (['lead_stage', 'deal_stage', 'category_id'].includes(leaf)) return stageOf(leaf, value, names)
  if (leaf === 'place') return String(value)
  if (leaf === 'deadline_minutes') return t('{count} min', { count: Number(value ?? 0) })
  if (Array.isArray(value)) return value.map((one) => (typeof one === 'object' ? rowOf(one as Plain, names) : word(String(one)))).join(typeof value[0] === 'object' ? '\n' : ', ') || t('nothing')
  if (typeof value === 'boolean') return value ? t('on') : t('off')
  if (typeof value === 'object' && value) return objectOf(value as Plain, names)
  const text = String(value ?? '')
  if (['titles', 'fields'].includes(steps[0] ?? '')) return text ? `«${text}»` : t('by default')
  return word(text) || t('none')
}

function isRow(steps: string[]): boolean {
  return steps.length > 1 && ROWS.includes(steps.at(-2) ?? '')
}

function objectOf(value: Plain, names: Names): string {
  if ('join' in value) return ruleText(value as unknown as Group, names.parameters, names.channels)
  if ('lead_stage' in value) return stagesOf(value as unknown as Stages, names)
  if ('param' in value) return ruleText({ join: 'and', items: [value as unknown as Condition] }, names.parameters, names.channels)
  if ('when' in value || 'entity' in value) return rowOf(value, names)
  return Object.entries(value).map(([name, part]) => `${partOf(name) || name}: ${valueOf(name, part, names)}`).join('; ')
}

function rowOf(row: Plain, names: Names): string {
  if ('entity' in row) return `${word(String(row.entity))}, ${fieldOf(row, names)}: «${String(row.value ?? '')}»`
  const results = [
    row.verdict ? word(String(row.verdict)) : '',
    'user_id' in row ? personOf(row.user_id, names) : '',
    row.stages && row.verdict !== 'denied' ? stagesOf(row.stages as Stages, names) : ''
  ]
  return `${row.when ? ruleText(row.when as Group, names.parameters, names.channels) : ''} → ${results.filter(Boolean).join(', ')}`
}

function fieldOf(row: Plain, names: Names): string {
  const fields = names.directory?.fields[row.entity as 'lead'] ?? []
  return fields.find((field) => field.code === row.field)?.title ?? String(row.field ?? '')
}

function channelsOf(value: unknown, names: Names): string {
  if (value === null || value === undefined) return t('all channels')
  return (value as unknown[]).map((id) => channelName(String(id), names)).join(', ') || t('none')
}

function channelName(id: string, names: Names): string {
  return names.channels.find((channel) => channel.id === id)?.name ?? `#${id}`
}

export function personOf(value: unknown, names: Pick<Names, 'directory' | 'kind'>): string {
  if (!value) return names.kind === 'chats' ? t('whoever takes the chat') : t('whoever installed the application')
  return names.directory?.users.find((person) => person.id === String(value))?.name ?? `#${String(value)}`
}

export function stagesOf(stages: Stages, names: Pick<Names, 'directory'>): string {
  const known: (keyof Stages)[] = ['lead_stage', 'category_id', 'deal_stage']
  const said = known.filter((name) => stages[name] !== '' && stages[name] !== null).map((name) => `${partOf(name)}: ${stageOf(name, stages[name], names)}`)
  return said.join(', ') || t('stages by default')
}

function stageOf(name: string, value: unknown, { directory }: Pick<Names, 'directory'>): string {
  if (value === null || value === undefined || value === '') return t('by default')
  const id = String(value)
  const pipelines = directory?.pipelines ?? []
  const found = name === 'lead_stage'
    ? directory?.lead_stages.find((stage) => stage.id === id)
    : name === 'category_id' ? pipelines.find((pipeline) => pipeline.id === id) : pipelines.flatMap((pipeline) => pipeline.stages).find((stage) => stage.id === id)
  return found?.name ?? id
}

function word(value: string): string {
  const words: Record<string, string> = {
    both: t('Both'),
    allow: t('Allow'), denied: t('Denied'), online: t('Start of the chat'), at_close: t('End of the chat'), off: t('Never')
  }
  return words[value] ?? entityTitle(value as Creation) ?? value
}
