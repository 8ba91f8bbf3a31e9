/** Minutes as people count them, and back. */

export type Unit = 'minutes' | 'hours' | 'days'

const MINUTES: Record<Unit, number> = { minutes: 1, hours: 60, days: 1440 }
/** A year, as the server allows. */
const LONGEST = 1440 * 365

export function durationOf(minutes: number): { count: number; unit: Unit } {
  const unit = (['days', 'hours'] as const).find((one) => minutes > 0 && minutes % MINUTES[one] === 0) ?? 'minutes'
  return { count: minutes / MINUTES[unit], unit }
}

/** null: no such time. */
export function minutesOf(count: number, unit: Unit): number | null {
  const minutes = Math.round(count * MINUTES[unit])
  return Number.isFinite(minutes) && minutes >= 1 && minutes <= LONGEST ? minutes : null
}
