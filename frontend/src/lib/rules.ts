/** What the rules of chats and offline requests look like: the shapes of `/settings/<kind>`, `/directory` and `/settings/parameters`. */

import type { Id, Time } from './types'

export type RulesKind = 'chats' | 'requests'
export type SettingsKind = RulesKind | 'open_lines'

export type Operator = 'equals' | 'not_equals' | 'includes' | 'excludes' | 'has_data' | 'no_data' | 'greater' | 'less'
export type ParameterType = 'text' | 'number' | 'bool' | 'enum' | 'date' | 'list' | 'phone' | 'email' | 'url'
export type ParameterValue = string | number | boolean | string[] | null

export interface Condition { param: string; operator: Operator; value: ParameterValue }
export interface Group { join: 'and' | 'or'; items: (Condition | Group)[] }

/** "" and null mean "the portal's own default". */
export interface Stages { lead_stage: string; category_id: Id | null; deal_stage: string }

export interface Row { id: string; when: Group }
export type Allowance = 'allow' | 'denied'
/** null: nobody is chosen yet; the server refuses to publish such a row and says where. */
export interface ResponsibleRow extends Row { user_id: Id | null }
export interface FilterRow extends Row { verdict: Allowance }
export interface PipelineRow extends Row { verdict: Allowance; stages: Stages }
export interface Pipelines { rows: PipelineRow[]; default: Stages }

export type FieldEntity = 'lead' | 'deal' | 'contact'
export interface FieldRow { id: string; entity: FieldEntity; field: string; value: string }

export type Creation = 'lead' | 'deal' | 'activity'
export interface Titles { lead: string; deal: string; activity: string }

export interface RulesDocument {
  active: boolean
  /** null: every channel. */
  channels: Id[] | null
  responsible_id: Id | null
  responsibles: ResponsibleRow[]
  create_primary: Creation[]
  create_repeat: Creation[]
  comment_priority: 'deal' | 'lead' | 'both'
  pipelines_primary: Pipelines
  pipelines_repeat: Pipelines
  transcript: 'online' | 'at_close' | 'off'
  copy_to_contact_company: boolean
  filter: FilterRow[]
  filter_default: Allowance
  titles: Titles
  fields: FieldRow[]
  write_to_closed: boolean
  deadline_minutes: number
}

export interface Draft<D> { document: D; user: { id: Id; name: string } | null; at: Time }

/** One kind of settings as the server keeps it. */
export interface Published<D = RulesDocument> {
  kind: SettingsKind
  version: number
  document: D
  draft: Draft<D> | null
  updated_at: Time | null
  user: { id: Id; name: string } | null
  leads_exist: boolean
  lines_active: boolean
}

export interface Version { version: number; user: { id: Id; name: string } | null; at: Time; note: string; changes: number }
export interface Change { path: string; before: unknown; after: unknown }

/** What a set of rules did or would do with one inquiry. */
export interface Outcome {
  kind: 'primary' | 'repeat' | 'known' | 'filtered' | 'none'
  create: string[]
  /** By the number of their type in Bitrix24; id null: it would be made. */
  targets: { type: number | string; id: Id | number | null }[]
  responsible_id: Id | null
  stages: Stages | null
  allowed: boolean
  titles?: Record<string, string>
}

export interface DryRunItem {
  decision_id: Id
  inquiry: { kind: 'chat' | 'request'; id: Id; title: string; at: Time }
  before: Outcome
  /** null: cannot be told. */
  after: Outcome | null
  differences: string[]
}

export interface DryRunReport { checked: number; changed: number; unknown: number; items: DryRunItem[] }

/** A communication parameter that conditions, templates and field mapping may use. */
export interface Parameter { name: string; title: string; type: ParameterType; operators: Operator[]; options: string[]; option_titles?: string[] }
export interface ParameterGroup { id: string; title: string; items: Parameter[] }

export interface Employee { id: Id; name: string; photo_url: string | null; position: string; departments: Id[] }
export interface Department { id: Id; name: string; parent: Id | null }
export interface Stage { id: string; name: string; color: string; semantics: string }
export interface Pipeline { id: Id; name: string; stages: Stage[] }
export interface Source { id: string; name: string }
/** A field of a CRM entity; `items` are [id, title] pairs. */
export interface CrmField {
  code: string
  entity: FieldEntity
  title: string
  type: string
  multiple: boolean
  required: boolean
  read_only: boolean
  items: [string, string][]
  status_type: string
}

/** What Bitrix24 has: people, pipelines, stages, fields; read from time to time and on demand. */
export interface Directory {
  fetched_at: Time | null
  refreshing: boolean
  error: string | null
  users: Employee[]
  departments: Department[]
  pipelines: Pipeline[]
  lead_stages: Stage[]
  sources: Source[]
  fields: Record<FieldEntity, CrmField[]>
  leads_exist: boolean
  zone: string
}

export function isGroup(item: Condition | Group): item is Group {
  return 'join' in item
}

export function anyOf(): Group {
  return { join: 'and', items: [] }
}

export function ownStages(): Stages {
  return { lead_stage: '', category_id: null, deal_stage: '' }
}

/** Row ids are made here; they need to be different only within their list. */
export function rowId(): string {
  return `r${Math.random().toString(36).slice(2, 10)}`
}
