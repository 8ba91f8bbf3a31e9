/** Times as people read them, in the reader's language and time zone. */

import { currentLocale, n, t } from './i18n'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

function format(time: string | number | Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(currentLocale(), options).format(new Date(time))
}

export function clock(time: string): string {
  return format(time, { hour: '2-digit', minute: '2-digit', hour12: false })
}

export function fullDate(time: string): string {
  return format(time, { dateStyle: 'long', timeStyle: 'short' })
}

export function dayKey(time: string | number): string {
  const date = new Date(time)
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`
}

function daysApart(time: string, now: number): number {
  const start = (at: string | number) => new Date(at).setHours(0, 0, 0, 0)
  return Math.round((start(now) - start(time)) / DAY_MS)
}

/** «Сегодня», «Вчера», «3 ноября», «3 ноября 2025». */
export function dayName(time: string, now: number = Date.now()): string {
  const apart = daysApart(time, now)
  if (apart === 0) return t('Today')
  if (apart === 1) return t('Yesterday')
  const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear()
  return format(time, { day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) })
}

/** The hour today and yesterday, else day and hour, in one short line. */
export function moment(time: string, now: number = Date.now()): string {
  return `${dayName(time, now)}, ${clock(time)}`
}

/** For a row of the list: the hour today, else the day. */
export function shortWhen(time: string, now: number = Date.now()): string {
  const apart = daysApart(time, now)
  if (apart === 0) return clock(time)
  if (apart === 1) return t('yesterday')
  if (apart > 1 && apart < 7) return format(time, { weekday: 'short' })
  return format(time, { day: '2-digit', month: '2-digit', year: '2-digit' })
}

/** How long ago, in one unit: «5 мин», «2 ч», «3 д». */
export function lasted(since: string, now: number = Date.now()): string {
  const ms = Math.max(now - Date.parse(since), 0)
  if (ms < MINUTE_MS) return t('<1 min')
  if (ms < HOUR_MS) return t('{count} min', { count: Math.floor(ms / MINUTE_MS) })
  if (ms < DAY_MS) return t('{count} h', { count: Math.floor(ms / HOUR_MS) })
  return t('{count} d', { count: Math.floor(ms / DAY_MS) })
}

export function ago(time: string, now: number = Date.now()): string {
  const ms = Math.max(now - Date.parse(time), 0)
  if (ms < MINUTE_MS) return t('just now')
  if (ms < HOUR_MS) return n(Math.floor(ms / MINUTE_MS), '{count} minute ago', '{count} minutes ago')
  if (ms < DAY_MS) return n(Math.floor(ms / HOUR_MS), '{count} hour ago', '{count} hours ago')
  return fullDate(time)
}

export type Patience = 'calm' | 'soon' | 'late'

/** The colour of waiting: calm for five minutes, then soon, late after a quarter of an hour. */
export function patience(since: string, now: number = Date.now()): Patience {
  const ms = now - Date.parse(since)
  if (ms < 5 * MINUTE_MS) return 'calm'
  return ms < 15 * MINUTE_MS ? 'soon' : 'late'
}

/** `75` → `1:15`. */
export function duration(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
