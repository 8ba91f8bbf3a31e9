import { expect, test } from 'vitest'
import { ago, dayName, duration, lasted, patience } from '../../src/lib/time'

const now = new Date(2026, 10, 21, 15, 0).getTime()
const before = (minutes: number) => new Date(now - minutes * 60_000).toISOString()

test('days have names near today', () => {
  expect([before(60), before(20 * 60), before(4 * 24 * 60)].map((time) => dayName(time, now))).toEqual(['Today', 'Yesterday', 'November 17'])
})

test('waiting is told in one unit', () => {
  expect([0, 7, 130, 3000].map((minutes) => lasted(before(minutes), now))).toEqual(['<1 min', '7 min', '2 h', '2 d'])
})

test('patience ends by steps', () => {
  expect([1, 6, 20].map((minutes) => patience(before(minutes), now))).toEqual(['calm', 'soon', 'late'])
})

test('the recent past is counted', () => {
  expect([ago(before(0), now), ago(before(1), now), ago(before(125), now)]).toEqual(['just now', '1 minute ago', '2 hours ago'])
})

test('seconds of a voice message', () => {
  expect([duration(7), duration(75)]).toEqual(['0:07', '1:15'])
})
