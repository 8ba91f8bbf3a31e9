/** Sentences of the journal. */

import { t } from '../../lib/i18n'
import type { Entry, PlacedCard } from '../../lib/store/journal'
import { dayKey, dayName } from '../../lib/time'
import { cardTitle } from '../../why/wording'

export interface Day { key: string; name: string; items: Entry[] }

export function daysOf(entries: Entry[], now: number = Date.now()): Day[] {
  const days: Day[] = []
  for (const entry of entries) {
    const key = dayKey(entry.at)
    if (days.at(-1)?.key !== key) days.push({ key, name: dayName(entry.at, now), items: [] })
    days.at(-1)!.items.push(entry)
  }
  return days
}

export function whoOf({ inquiry }: Entry): string {
  return inquiry.name || inquiry.phone || inquiry.email || t('A client without a name')
}

export function aboutOf({ inquiry }: Entry): string {
  const { kind, id, name, channel, phone } = inquiry
  const number = kind === 'chat' ? t('Chat №{id}', { id }) : t('Request №{id}', { id })
  return [channel.name, number, name ? phone : ''].filter(Boolean).join(' · ')
}

export function fateOf(entry: Entry, { id, made }: PlacedCard): string {
  if (entry.moved) return t('Now in:')
  if (!made) return t('Went to:')
  return id ? t('Created:') : t('Not created:')
}

export function cardOf({ type, id }: PlacedCard): string {
  return id ? `${cardTitle(type)} №\u00a0${id}` : cardTitle(type)
}

export type Tone = 'good' | 'quiet'

export function toneOf(entry: Entry): Tone {
  return entry.kind === 'primary' ? 'good' : 'quiet'
}

export function isTroubled({ state, error }: Entry): boolean {
  return state === 'failed' || error !== ''
}

export function troubleOf({ error }: Entry): string {
  return error ? t('Bitrix24 refused: {error}', { error }) : t('Not everything is written to CRM yet. It is tried again by itself.')
}

/** Where a card speaks for itself no reasons are needed. */
export function becauseOf({ moved, targets, reasons }: Entry): string {
  return moved || !targets.length ? reasons.join(' ') : ''
}
