/** Why an inquiry went where it went: the shapes of `/decisions/<id>` and of `/conversations/<id>/candidates`. */

import type { Operator, RulesKind } from './rules'
import type { Entity, Id, Time } from './types'

export type CardType = Entity['type']

/** id null: made by this very decision. */
export interface DecisionCard { type: CardType; id: Id | null; url: string | null }

/** A card that was looked at; the one with the most points wins, fewer than none: it does not count. */
export interface Candidate {
  type: CardType
  id: Id
  url: string
  title: string
  opened: boolean
  created_at: Time | null
  score: number
  chosen: boolean
  reasons: string[]
}

/** The same as CRM has it now. */
export interface LiveCandidate extends Omit<Candidate, 'opened'> {
  open: boolean
  category_id: Id | null
  stage_id: string
  responsible_id: Id | null
  pinned: boolean
  /** The chat is written into it now. */
  current: boolean
}

export type Known = string | number | boolean | null | Known[]

export interface GroupTrace { join: 'and' | 'or'; result: boolean; items: Trace[] }
export interface ConditionTrace {
  result: boolean
  param: string
  title: string
  operator: Operator
  operator_title: string
  expected: Known
  actual: Known
}
export type Trace = GroupTrace | ConditionTrace

/** used: the first that matched. */
export interface RowTrace { row_id: string; number: number; trace: Trace; matched: boolean; used: boolean }
export interface Step { id: 'filter' | 'responsible' | 'pipelines'; title: string; rows: RowTrace[] }

export interface Named { id: string; name: string; color?: string }

export interface DecisionResult {
  create: string[]
  targets: DecisionCard[]
  copies: DecisionCard[]
  responsible: Named | null
  lead_stage: Named | null
  pipeline: Named | null
  deal_stage: Named | null
  titles: Record<string, string>
  fields: Record<string, Record<string, unknown>>
}

export interface PlannedCall {
  key: string
  method: string
  params: Record<string, unknown>
  state: 'done' | 'failed' | 'not_run'
  id: Id | null
  error: string | null
}

export interface HttpRequest { id: string; method: string; at: Time; status: number; error: string; milliseconds: number }
export interface ParameterValue { name: string; title: string; value: Known }

export interface Inquiry {
  kind: 'chat' | 'request'
  id: Id
  name: string
  channel: { kind: string; name: string }
  phone: string
  email: string
}

export interface Decision {
  id: Id
  at: Time
  state: 'done' | 'failed'
  /** The chat went over to another card, or lost its own, without a new inquiry. */
  moved?: boolean
  inquiry: Inquiry
  kind: 'primary' | 'repeat' | 'known' | 'filtered' | 'none'
  kind_title: string
  reasons: string[]
  targets: DecisionCard[]
  settings: { kind: RulesKind; version: number; at: Time | null; user: string | null }
  parameters: { id: string; title: string; items: ParameterValue[] }[]
  steps: Step[]
  candidates: Candidate[]
  result: DecisionResult
  calls: PlannedCall[]
  requests: HttpRequest[]
  others: { id: Id; at: Time }[]
}

export function isGroupTrace(trace: Trace): trace is GroupTrace {
  return 'join' in trace
}
