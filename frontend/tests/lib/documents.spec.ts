import { expect, test } from 'vitest'
import { changedAt, merge, same } from '../../src/lib/documents'

test('the order of names makes no difference, the order of a list does', () => {
  expect(same({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toBe(true)
  expect(same([1, 2], [2, 1])).toBe(false)
})

test('one change is found as deep as it goes', () => {
  expect(changedAt({ titles: { deal: 'a' }, rows: [{ on: true }] }, { titles: { deal: 'ab' }, rows: [{ on: true }] })).toBe('titles.deal')
  expect(changedAt({ rows: [{ on: true }] }, { rows: [{ on: false }] })).toBe('rows.0.on')
  expect(changedAt({ rows: [1] }, { rows: [1, 2] })).toBe('rows')
  expect(changedAt({ a: 1, b: 1 }, { a: 2, b: 2 })).toBe('')
})

test('changes of different parts live together', () => {
  expect(merge({ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 3 })).toEqual({ document: { a: 2, b: 3 }, conflicts: [] })
})

test('a part that both changed is a conflict, and mine stands', () => {
  expect(merge({ a: 1 }, { a: 2 }, { a: 3 })).toEqual({ document: { a: 2 }, conflicts: ['a'] })
  expect(merge({ a: 1 }, { a: 2 }, { a: 2 })).toEqual({ document: { a: 2 }, conflicts: [] })
})

test('inside a part two changes of different things live together, of the same one do not', () => {
  const base = { titles: { lead: '', deal: '' } }
  const mine = { titles: { lead: 'L', deal: '' } }
  expect(merge(base, mine, { titles: { lead: '', deal: 'D' } })).toEqual({ document: { titles: { lead: 'L', deal: 'D' } }, conflicts: [] })
  expect(merge(base, mine, { titles: { lead: 'X', deal: 'D' } })).toEqual({ document: { titles: { lead: 'L', deal: 'D' } }, conflicts: ['titles.lead'] })
})
