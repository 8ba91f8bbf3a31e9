import { expect, test } from 'vitest'
import type { Directory, Group } from '../../src/lib/rules'
import { nameOf, valueOf, type Names } from '../../src/settings/publish/naming'
import { rules } from '../build'

const when: Group = { join: 'and', items: [{ param: 'city', operator: 'equals', value: 'Kazan' }] }
const stage = (id: string, name: string) => ({ id, name, color: '', semantics: '' })
const directory = {
  users: [{ id: '3', name: 'Clara', photo_url: null, position: '', departments: [] }],
  pipelines: [{ id: '2', name: 'Wholesale', stages: [stage('C2:NEW', 'First call')] }],
  lead_stages: [stage('NEW', 'Raw')], fields: { lead: [], deal: [], contact: [] }
} as unknown as Directory
const names: Names = {
  kind: 'chats', directory, parameters: [{ id: 'visitor', title: 'Visitor', items: [{ name: 'city', title: 'City', type: 'text', operators: ['equals'], options: [] }] }], channels: [],
  documents: [rules({ responsibles: [{ id: 'a', when, user_id: '3' }, { id: 'b', when, user_id: '3' }] })]
}

test('a row is counted by people, whether a refusal counts it or a change names it', () => {
  expect(nameOf('responsibles.1.user_id', names)).toBe('Filter of responsible people, row 2, employee')
  expect(nameOf('responsibles.b.user_id', names)).toBe('Filter of responsible people, row 2, employee')
  expect(nameOf('responsibles.gone', names)).toBe('Filter of responsible people, a row')
  expect(nameOf('pipelines_primary.rows.0.when.items.0.value', names)).toBe('Pipeline filter: first inquiry, row 1, conditions')
})

test('ids are said by their names on the portal', () => {
  expect(valueOf('responsible_id', '3', names)).toBe('Clara')
  expect(valueOf('responsible_id', null, names)).toBe('whoever takes the chat')
  expect(valueOf('pipelines_primary.default.deal_stage', 'C2:NEW', names)).toBe('First call')
  expect(valueOf('pipelines_primary.default.category_id', null, names)).toBe('by default')
  expect(valueOf('channels', null, names)).toBe('all channels')
})

test('a whole row is one sentence, an absent one is none', () => {
  const row = { id: 'p', when, verdict: 'allow', stages: { lead_stage: '', category_id: '2', deal_stage: 'C2:NEW' } }
  expect(valueOf('pipelines_primary.rows.p', row, names)).toBe('City equals Kazan → Allow, deal pipeline: Wholesale, deal stage: First call')
  expect(valueOf('pipelines_primary.rows.p', null, names)).toBe('none')
})

test('what has no name is still shown', () => {
  expect(valueOf('responsible_id', '99', names)).toBe('#99')
  expect(nameOf('something_new.part', names)).toBe('something_new, part')
})
