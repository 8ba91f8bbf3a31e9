/** An Open Line's own settings: the shapes of `/lines/<id>/settings` and what may be said of them without a page. */

import type { Id } from './types'

export type SettingType = 'bool' | 'text' | 'long' | 'choice' | 'number' | 'duration' | 'users' | 'weekdays' | 'time' | 'holidays' | 'queue' | 'sender'
export interface Member { type: 'user' | 'department'; id: Id }
/** What clients see of employees whose own data are hidden. */
export interface Sender { name: string; avatar: string; avatar_id: string }
export type SettingValue = boolean | string | number | string[] | Member[] | Sender
export type LineDocument = Record<string, SettingValue>

/** Matters while the other setting has one of the values; none named: while it has any. */
export interface When { name: string; values: (string | number | boolean)[] }

export interface LineSetting {
  name: string
  type: SettingType
  title: string
  help: string
  options: { value: string; title: string }[]
  /** The portal may have other values than the options. */
  open: boolean
  source: '' | 'pipelines' | 'sources'
  unit: '' | 'seconds' | 'minutes'
  most: number
  when: When[]
  /** Not every Bitrix24 takes it from outside. */
  doubtful: boolean
  read_only: boolean
}

export interface LineGroup { id: string; title: string; items: LineSetting[] }

export interface LineSettings {
  line: { id: Id; name: string }
  document: LineDocument
  /** Who answers now: the employees that the queue comes down to. */
  people: { id: Id; name: string; photo_url: string | null }[]
  settings_url: string
}

export interface NotTaken { field: string; wanted: SettingValue; got: SettingValue }
/** `answered` is false when the answer was lost: what the line has now is read all the same. */
export interface SavedLine extends LineSettings { not_taken: NotTaken[]; answered: boolean }

export function matters(setting: LineSetting, document: LineDocument): boolean {
  return setting.when.every(({ name, values }) => {
    const value = document[name]
    return values.length ? values.includes(value as string) : Boolean(value)
  })
}

/** Names of what differs, in the order of the page. */
export function changedIn(groups: readonly LineGroup[], document: LineDocument, base: LineDocument): string[] {
  return groups.flatMap((group) => group.items.map((item) => item.name)).filter((name) => JSON.stringify(document[name]) !== JSON.stringify(base[name]))
}

export function pick(document: LineDocument, names: readonly string[]): LineDocument {
  return Object.fromEntries(names.map((name) => [name, document[name]!]))
}

export type TimeUnit = 'seconds' | 'minutes' | 'hours' | 'days'
export const TIME_UNITS: TimeUnit[] = ['seconds', 'minutes', 'hours', 'days']
const SECONDS: Record<TimeUnit, number> = { seconds: 1, minutes: 60, hours: 3600, days: 86400 }

/** 5400 seconds are 90 minutes, 7200 are 2 hours: the greatest unit without a remainder. */
export function spanOf(value: number, stored: 'seconds' | 'minutes'): { count: number; unit: TimeUnit } {
  const seconds = value * SECONDS[stored]
  const unit = [...TIME_UNITS].reverse().find((one) => seconds > 0 && seconds % SECONDS[one] === 0) ?? stored
  return { count: seconds / SECONDS[unit], unit }
}

/** Back to what is stored; null if it cannot be. */
export function storedSpan(count: number, unit: TimeUnit, stored: 'seconds' | 'minutes'): number | null {
  const value = Math.round((count * SECONDS[unit]) / SECONDS[stored])
  return Number.isFinite(value) && count >= 0 ? value : null
}

export function unitsFor(stored: 'seconds' | 'minutes'): TimeUnit[] {
  return TIME_UNITS.slice(TIME_UNITS.indexOf(stored))
}

/** «01.01, 23.02» as one pastes it. */
export function daysOf(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => text.split(/[,;\s]+/)).filter(Boolean))]
}

/** One place up or down; the same list when there is nowhere to go. */
export function moved<T>(list: readonly T[], from: number, step: -1 | 1): T[] {
  const copy = [...list]
  const to = from + step
  if (to < 0 || to >= copy.length) return copy
  ;[copy[from], copy[to]] = [copy[to]!, copy[from]!]
  return copy
}
