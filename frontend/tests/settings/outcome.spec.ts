import { expect, test } from 'vitest'
import type { Outcome } from '../../src/lib/rules'
import { differencesOf } from '../../src/settings/publish/outcome'

const names = { kind: 'chats' as const, documents: [], directory: null, parameters: [], channels: [] }
const outcome = (more: Partial<Outcome> = {}): Outcome => ({ kind: 'primary', create: ['contact', 'deal'], targets: [], responsible_id: '2', stages: { lead_stage: '', category_id: null, deal_stage: '' }, allowed: true, ...more })

test('only what differs is said', () => {
  expect(differencesOf(outcome(), outcome({ responsible_id: '3' }), names)).toEqual([{ id: 'responsible', label: 'Responsible', before: '#2', after: '#3' }])
  expect(differencesOf(outcome(), outcome(), names)).toEqual([])
})

test('targets are named by the numbers of their types', () => {
  const before = outcome({ create: [], targets: [{ type: 2, id: 48 }] })
  const after = outcome({ create: [], targets: [{ type: 2, id: 48 }, { type: 1, id: 7 }] })
  expect(differencesOf(before, after, names).map((line) => line.after)).toEqual(['Comment in: deal №48, lead №7'])
})

test('filtered out, and what the facts do not tell', () => {
  const out = outcome({ kind: 'filtered', allowed: false })
  expect(differencesOf(outcome(), out, names)[0]!.after).toBe('Is not sent to CRM')
  expect(differencesOf(out, null, names)[0]!.after).toBe('cannot be told')
})
