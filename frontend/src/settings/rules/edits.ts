/** Edits of lists and conditions; each gives a new value and leaves the old one as it was. */

import { rowId, type Condition, type Creation, type Group, type Operator, type Parameter, type ParameterValue, type Row, type Stages } from '../../lib/rules'

export function inserted<T>(list: readonly T[], at: number, item: T): T[] {
  return [...list.slice(0, at), item, ...list.slice(at)]
}

export function replaced<T>(list: readonly T[], at: number, item: T): T[] {
  return list.map((known, index) => (index === at ? item : known))
}

export function without<T>(list: readonly T[], at: number): T[] {
  return list.filter((_, index) => index !== at)
}

/** The item at `from` stands at `to` afterwards; a place outside the list is its end. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const item = list[from]
  if (item === undefined) return [...list]
  const rest = without(list, from)
  return inserted(rest, Math.min(Math.max(to, 0), rest.length), item)
}

/** A copy with a name of its own right after the original. */
export function duplicated<T extends { id: string }>(list: readonly T[], at: number): T[] {
  const original = list[at]
  if (!original) return [...list]
  return inserted(list, at + 1, { ...(JSON.parse(JSON.stringify(original)) as T), id: rowId() })
}

/** Puts `value` in or out; the order of `all` is kept. */
export function toggled<T>(list: readonly T[], value: T, all: readonly T[]): T[] {
  const chosen = list.includes(value) ? list.filter((known) => known !== value) : [...list, value]
  return all.filter((one) => chosen.includes(one))
}

export function freshCondition(): Condition {
  return { param: '', operator: 'equals', value: '' }
}

/** A new row begins with one condition to fill in: a rule that matches everything is rarely meant. */
export function freshRow(): Row {
  return { id: rowId(), when: { join: 'and', items: [freshCondition()] } }
}

/** A group inside a group means the other word: А И (Б ИЛИ В). */
export function freshGroup(outer: Group['join']): Group {
  return { join: outer === 'and' ? 'or' : 'and', items: [freshCondition()] }
}

export function needsValue(operator: Operator): boolean {
  return operator !== 'has_data' && operator !== 'no_data'
}

/** Another parameter keeps what still fits: the operator if it is allowed, the value if it is of the same kind. */
export function withParameter(condition: Condition, to: Parameter, from: Parameter | undefined): Condition {
  const operator = to.operators.includes(condition.operator) ? condition.operator : to.operators[0] ?? 'equals'
  const same = from && from.type === to.type && !from.options.length && !to.options.length
  return { param: to.name, operator, value: same ? condition.value : blankOf(to) }
}

export function withOperator(condition: Condition, operator: Operator, parameter: Parameter | undefined): Condition {
  if (!needsValue(operator)) return { ...condition, operator, value: null }
  const single = operator === 'greater' || operator === 'less'
  const known = condition.value ?? (parameter ? blankOf(parameter) : '')
  return { ...condition, operator, value: single ? valuesOf(known)[0] ?? '' : known }
}

function blankOf(parameter: Parameter): ParameterValue {
  return parameter.type === 'bool' ? true : ''
}

/** What a condition compares with, as a list of texts. */
export function valuesOf(value: ParameterValue): string[] {
  if (Array.isArray(value)) return value
  return value === null || value === '' ? [] : [String(value)]
}

/** One value stays plain, several mean "any of". */
export function valueOf(values: string[]): ParameterValue {
  return values.length > 1 ? values : values[0] ?? ''
}

/** A portal without leads makes deals instead. */
export function effective(create: readonly Creation[], leadsExist: boolean): Creation[] {
  if (leadsExist) return [...create]
  return [...new Set(create.map((one): Creation => (one === 'lead' ? 'deal' : one)))]
}

/** Another pipeline has other stages. */
export function withPipeline(stages: Stages, category_id: string | null): Stages {
  return { ...stages, category_id, deal_stage: category_id === stages.category_id ? stages.deal_stage : '' }
}

export function matters(create: readonly Creation[]): boolean {
  return create.includes('lead') || create.includes('deal')
}
