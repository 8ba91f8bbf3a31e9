import { expect, test } from 'vitest'
import { duplicated, effective, freshGroup, inserted, moved, toggled, valueOf, valuesOf, withOperator, withParameter, withPipeline, without } from '../../../src/settings/rules/edits'
import { landing } from '../../../src/settings/rules/dragging'
import { durationOf, minutesOf } from '../../../src/settings/rules/deadline'
import { nearest } from '../../../src/settings/rules/focus'
import { refusals, sections } from '../../../src/settings/rules/sections'
import { DAY, HOUR, SITE, VISIT } from './world'

test('moving puts the item where it was let go and leaves the old list alone', () => {
  const list = ['a', 'b', 'c', 'd']
  expect(moved(list, 0, 2)).toEqual(['b', 'c', 'a', 'd'])
  expect(moved(list, 3, 0)).toEqual(['d', 'a', 'b', 'c'])
  expect(moved(list, 1, 99)).toEqual(['a', 'c', 'd', 'b'])
  expect(moved(list, 9, 0)).toEqual(list)
  expect(list).toEqual(['a', 'b', 'c', 'd'])
})

test('a row that is dragged lands between the middles of the others', () => {
  const middles = [10, 30, 50, 70]
  expect(landing(middles, 0, 12)).toBe(0)
  expect(landing(middles, 0, 55)).toBe(2)
  expect(landing(middles, 3, 5)).toBe(0)
  expect(landing(middles, 1, 500)).toBe(3)
})

test('a deleted row comes back to its place', () => {
  expect(inserted(without(['a', 'b', 'c'], 1), 1, 'b')).toEqual(['a', 'b', 'c'])
})

test('a copy has a name of its own and shares nothing with the original', () => {
  const row = { id: 'r1', when: { join: 'and' as const, items: [{ param: 'x', operator: 'equals' as const, value: ['1'] }] } }
  const [first, second] = duplicated([row], 0)
  expect(first).toBe(row)
  expect(second!.id).not.toBe('r1')
  expect(second!.when).toEqual(row.when)
  expect(second!.when).not.toBe(row.when)
})

test('choices keep the order they are offered in', () => {
  expect(toggled(['activity'], 'lead', ['lead', 'deal', 'activity'])).toEqual(['lead', 'activity'])
  expect(toggled(['lead', 'activity'], 'lead', ['lead', 'deal', 'activity'])).toEqual(['activity'])
})

test('a group inside a group has the other word', () => {
  expect(freshGroup('and').join).toBe('or')
  expect(freshGroup('or').join).toBe('and')
})

test('another parameter keeps what fits', () => {
  const site = { param: SITE.name, operator: 'includes' as const, value: 'shop' }
  expect(withParameter(site, { ...SITE, name: 'site_name' }, SITE)).toEqual({ param: 'site_name', operator: 'includes', value: 'shop' })
  expect(withParameter(site, HOUR, SITE)).toEqual({ param: HOUR.name, operator: 'equals', value: '' })
  expect(withParameter({ ...site, operator: 'equals' }, DAY, SITE)).toEqual({ param: DAY.name, operator: 'equals', value: '' })
  expect(withParameter(site, VISIT, SITE)).toEqual({ param: VISIT.name, operator: 'equals', value: true })
})

test('an operator without a value drops it, a measure keeps one', () => {
  const hour = { param: HOUR.name, operator: 'equals' as const, value: ['9', '10'] }
  expect(withOperator(hour, 'has_data', HOUR).value).toBeNull()
  expect(withOperator(hour, 'greater', HOUR).value).toBe('9')
  expect(withOperator({ ...hour, operator: 'has_data', value: null }, 'equals', VISIT).value).toBe(true)
})

test('one value is plain, several are a list', () => {
  expect([valueOf([]), valueOf(['a']), valueOf(['a', 'b'])]).toEqual(['', 'a', ['a', 'b']])
  expect([valuesOf(null), valuesOf(''), valuesOf(18), valuesOf(['a'])]).toEqual([[], [], ['18'], ['a']])
})

test('a portal without leads makes one deal of both', () => {
  expect(effective(['lead', 'deal', 'activity'], false)).toEqual(['deal', 'activity'])
  expect(effective(['lead'], true)).toEqual(['lead'])
})

test('another pipeline forgets the stage', () => {
  const stages = { lead_stage: 'NEW', category_id: '3', deal_stage: 'C3:NEW' }
  expect(withPipeline(stages, '5')).toEqual({ lead_stage: 'NEW', category_id: '5', deal_stage: '' })
  expect(withPipeline(stages, '3')).toEqual(stages)
})

test('a time to the deadline is said in the largest whole unit', () => {
  expect([durationOf(45), durationOf(60), durationOf(2880)]).toEqual([{ count: 45, unit: 'minutes' }, { count: 1, unit: 'hours' }, { count: 2, unit: 'days' }])
  expect([minutesOf(2, 'days'), minutesOf(0, 'hours'), minutesOf(Number.NaN, 'hours'), minutesOf(366, 'days')]).toEqual([2880, null, null, null])
})

test('an error goes to the nearest thing that is drawn', () => {
  const drawn = new Map<string, Element>([['filter.0', document.createElement('li')], ['filter', document.createElement('div')]])
  const find = (path: string) => drawn.get(path) ?? null
  expect(nearest('filter.0.when.items.2.value', find)).toBe(drawn.get('filter.0'))
  expect(nearest('filter.7', find)).toBe(drawn.get('filter'))
  expect(nearest('titles.deal', find)).toBeNull()
})

test('every part of the document belongs to exactly one section', () => {
  const parts = sections('chats')
  const errors = { 'filter.0.verdict': 'x', filter_default: 'x', 'fields.1.value': 'x' }
  expect(parts.filter((part) => refusals(part, errors)).map((part) => [part.id, refusals(part, errors)])).toEqual([['filter', 2], ['fields', 1]])
  const paths = parts.flatMap((part) => part.paths)
  expect(new Set(paths).size).toBe(paths.length)
})
