/** Sentences of the "why?" page. */

import type { CardType, Decision, DecisionCard, Known, PlannedCall, RowTrace } from '../lib/decisions'
import { currentLocale, t } from '../lib/i18n'
import type { ParameterGroup } from '../lib/rules'
import { fullDate } from '../lib/time'
import type { Channel } from '../lib/types'
import { findParameter } from '../settings/rules/context'
import { kindTitle, valueTitle } from '../settings/rules/wording'

export function cardTitle(type: string): string {
  const titles: Record<string, string> = { deal: t('Deal'), lead: t('Lead'), contact: t('Contact'), company: t('Company'), activity: t('To-do') }
  return titles[type] ?? type
}

/** «Kettle for Anna» № 5, as much of it as is known. */
export function cardName(title: string, id: string | null): string {
  return [title && t('“{title}”', { title }), id && `№\u00a0${id}`].filter(Boolean).join(' ')
}

/** A card of the result. `made`: by this decision, `planned`: it was to be made but was not. */
export interface ShownCard { type: string; id: string | null; url: string | null; title: string; state: 'found' | 'made' | 'planned' | 'copy' }

/** Every card that the decision touched: where it went, what was made beside, where the comment was copied. */
export function cardsOf(decision: Decision, origin: string): ShownCard[] {
  const { targets, copies, create } = decision.result
  const placed = targets.map((card) => shownCard(decision, card, origin))
  const beside = create.filter((type) => !placed.some((card) => card.type === type && card.state !== 'found'))
    .map((type) => madeCard(decision, type, origin))
  const copied = copies.filter((card) => card.id).map((card): ShownCard => ({ ...card, title: '', state: 'copy' }))
  return [...placed, ...beside, ...copied]
}

function shownCard(decision: Decision, card: DecisionCard, origin: string): ShownCard {
  if (!card.id) return madeCard(decision, card.type, origin)
  const known = decision.candidates.find((one) => one.type === card.type && one.id === card.id)
  return { ...card, title: known?.title ?? '', state: 'found' }
}

function madeCard({ calls, result }: Decision, type: string, origin: string): ShownCard {
  const id = calls.find((call) => call.key === type && call.state === 'done')?.id ?? null
  const url = id && type !== 'activity' ? `${origin}/crm/${type}/details/${id}/` : null
  const done = calls.some((call) => call.key === type && call.state === 'done')
  return { type, id, url, title: result.titles[type] ?? '', state: done ? 'made' : 'planned' }
}

/** The answer in a sentence or two. */
export function answer(decision: Decision, origin: string): string {
  if (decision.kind === 'filtered') return t('The inquiry was not let into CRM.')
  if (decision.moved && decision.targets[0]) return movedTo(decision.targets[0])
  const cards = cardsOf(decision, origin).filter((card) => decision.result.targets.some((target) => target.type === card.type))
    .filter((card) => card.state !== 'copy')
  if (cards.length) return cards.map(cardSentence).join(' ')
  return decision.kind === 'known' ? t('The card will be chosen anew.') : t('Nothing was written to CRM.')
}

function movedTo({ type, id }: DecisionCard): string {
  return t('The chat is now here: {card}.', { card: `${cardTitle(type).toLowerCase()} ${cardName('', id)}` })
}

function cardSentence({ type, id, title, state }: ShownCard): string {
  const card = cardName(title, id)
  const sentences: Record<string, Record<CardType, () => string>> = {
    found: {
      deal: () => t('The inquiry went to deal {card}.', { card }), lead: () => t('The inquiry went to lead {card}.', { card }),
      contact: () => t('The inquiry went to contact {card}.', { card }), company: () => t('The inquiry went to company {card}.', { card })
    },
    made: {
      deal: () => t('Deal {card} was created for the inquiry.', { card }), lead: () => t('Lead {card} was created for the inquiry.', { card }),
      contact: () => t('Contact {card} was created for the inquiry.', { card }), company: () => ''
    },
    planned: {
      deal: () => t('Deal {card} is to be created for the inquiry.', { card }), lead: () => t('Lead {card} is to be created for the inquiry.', { card }),
      contact: () => t('Contact {card} is to be created for the inquiry.', { card }), company: () => ''
    }
  }
  return sentences[state]?.[type as CardType]?.() ?? ''
}

export function cardStateText(state: ShownCard['state']): string {
  return { found: t('found'), made: t('created'), planned: t('not created'), copy: t('copy of the comment') }[state]
}

/** Below none a card does not count. */
export function points(score: number): string {
  return score < 0 ? t('does not count') : new Intl.NumberFormat(currentLocale()).format(score)
}

export function openText(opened: boolean): string {
  return opened ? t('open') : t('closed')
}

export function callTitle(call: PlannedCall): string {
  const titles: Record<string, string> = {
    contact: t('Create a contact'), lead: t('Create a lead'), deal: t('Create a deal'),
    comment: t('Write a comment'), activity: t('Create a to-do')
  }
  if (titles[call.key]) return titles[call.key]!
  if (call.method.endsWith('.comment.update')) return t('Add to the comment')
  if (/bind/.test(call.key)) return t('Show it in one more card')
  return call.method
}

export function callStateText(state: PlannedCall['state']): string {
  return { done: t('done'), failed: t('failed'), not_run: t('was not run') }[state]
}

export function rowText(row: RowTrace): string {
  if (row.used) return t('matched and decided')
  return row.matched ? t('matched, but an earlier row had decided') : t('did not match')
}

export interface Lexicon { groups: ParameterGroup[]; channels: Channel[] }

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/

/** A value as people call it; several are "any of them" in a condition. */
export function valueText(name: string, value: Known, lexicon: Lexicon, joint = ', '): string {
  if (Array.isArray(value)) return value.map((one) => valueText(name, one, lexicon)).join(joint)
  if (value === null || value === '') return t('no data')
  if (typeof value === 'boolean') return value ? t('yes') : t('no')
  const parameter = findParameter(lexicon.groups, name)
  if (parameter) return valueTitle(parameter, String(value), lexicon.channels)
  if (typeof value === 'string' && MOMENT.test(value)) return fullDate(value)
  return name === 'channel_type' ? kindTitle(String(value)) : String(value)
}

export function isNothing(value: Known): boolean {
  return value === null || value === '' || (Array.isArray(value) && !value.length)
}

/** Of a mapped field: lists in one line, objects as they are. */
export function fieldText(value: unknown): string {
  if (Array.isArray(value)) return value.map(fieldText).join(', ')
  if (typeof value === 'object' && value) return JSON.stringify(value)
  return String(value)
}

/** Where the rules are silent the default counts. */
export function defaultText(step: string): string {
  const texts: Record<string, string> = {
    filter: t('There are no rows: the default decides.'), responsible: t('There are no rows: it is the responsible by default.'),
    pipelines: t('There are no rows: the stage is the one by default.')
  }
  return texts[step] ?? ''
}
