/** A rule in plain words: "Channel type equals WhatsApp AND (Site equals a.ru OR Site equals b.ru)". */

import { isGroup, type Condition, type Group } from '../../lib/rules'
import { needsValue, valuesOf } from './edits'

export interface Piece { kind: 'param' | 'operator' | 'value' | 'join' | 'mark'; text: string }

/** How things are called; `value` names one value of a parameter. */
export interface Words {
  parameter: (name: string) => string
  operator: (operator: Condition['operator']) => string
  value: (parameter: string, value: string) => string
  and: string
  or: string
  any: string
  gap: string
}

export function pieces(group: Group, words: Words): Piece[] {
  if (!group.items.length) return [{ kind: 'mark', text: words.any }]
  return group.items.flatMap((item, at) => {
    const join: Piece[] = at ? [{ kind: 'join', text: group.join === 'and' ? words.and : words.or }] : []
    return [...join, ...(isGroup(item) ? inner(item, words) : said(item, words))]
  })
}

export function sentence(group: Group, words: Words): string {
  return pieces(group, words).map((piece) => piece.text).join(' ').replace(/\( /g, '(').replace(/ \)/g, ')').replace(/ ,/g, ',')
}

function inner(group: Group, words: Words): Piece[] {
  if (group.items.length < 2) return pieces(group, words)
  return [{ kind: 'mark', text: '(' }, ...pieces(group, words), { kind: 'mark', text: ')' }]
}

function said(condition: Condition, words: Words): Piece[] {
  const param: Piece = { kind: 'param', text: condition.param ? words.parameter(condition.param) : words.gap }
  const operator: Piece = { kind: 'operator', text: words.operator(condition.operator) }
  return needsValue(condition.operator) ? [param, operator, ...listed(condition, words)] : [param, operator]
}

function listed(condition: Condition, words: Words): Piece[] {
  const values = valuesOf(condition.value)
  if (!values.length) return [{ kind: 'value', text: words.gap }]
  const joint: Piece = { kind: 'mark', text: condition.operator === 'not_equals' || condition.operator === 'excludes' ? ',' : words.or.toLowerCase() }
  return values.flatMap((value, at): Piece[] => [...(at ? [joint] : []), { kind: 'value', text: words.value(condition.param, value) }])
}
