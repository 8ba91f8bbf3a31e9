import { expect, test } from 'vitest'
import { windowOf } from '../../src/chat/compose/window'
import { templateWords, type MessageTemplate } from '../../src/lib/store/message-templates'
import { refusal } from '../../src/lib/store/outbox'
import { matching, type QuickReply } from '../../src/lib/store/quick-replies'
import { createScheduled, localValue, presets, type Planned } from '../../src/lib/store/scheduled'
import { filled } from '../../src/lib/variables'
import { conversation } from '../build'

const reply = (title: string, text = ''): QuickReply => ({ id: title, title, text, common: false, attachments: [], used: 0, may_change: true })
const at = (text: string) => new Date(text)

test('variables are filled, unknown holes stay', () => {
  const talk = { conversation: conversation({ contact: { id: '7', name: 'Anna Smith', phone: '+7999' } }), me: { id: '2', name: 'Boris B' }, now: at('2026-11-21T09:00:00') }
  expect(filled('{greeting}, {client_first_name}! {operator}, {client_phone}, {nobody}', talk)).toBe('Good morning, Anna! Boris B, +7999, {nobody}')
})

test('replies whose title begins with what is typed come first', () => {
  const known = [reply('Prices', 'delivery is free'), reply('Express delivery'), reply('Delivery'), reply('Hours')]
  expect(matching(known, 'deliv').map((one) => one.title)).toEqual(['Delivery', 'Express delivery', 'Prices'])
})

test('a window says how long one may write', () => {
  const now = Date.parse('2026-11-21T10:00:00Z')
  const open = (until: string | null) => windowOf(conversation({ window: { until } }), now)
  expect(windowOf(conversation(), now)).toBeNull()
  expect(open('2026-11-21T20:30:00Z')).toMatchObject({ open: true, soon: false, text: 'One may write freely for 10 h more' })
  expect(open('2026-11-21T10:20:00Z')).toMatchObject({ open: true, soon: true })
  expect(open('2026-11-21T09:59:00Z')).toMatchObject({ open: false })
  expect(open(null)).toMatchObject({ open: false })
})

test('a file is refused by size and by type before it is sent', () => {
  const limits = { file_limit: 1000, file_types: ['image/*', 'application/pdf'] }
  expect(refusal({ size: 1001, type: 'image/png' }, limits)).toContain('too large')
  expect(refusal({ size: 10, type: 'video/mp4' }, limits)).not.toBe('')
  for (const type of ['image/png', 'application/pdf', '']) expect(refusal({ size: 10, type }, limits)).toBe('')
})

test('good moments are still to come, Monday is named once', () => {
  const names = (now: string) => presets(at(now)).map(({ name }) => name)
  expect(names('2026-11-20T18:00:00')).toEqual(['hour', 'tomorrow', 'monday']) // a Friday
  expect(names('2026-11-22T18:00:00')).toEqual(['hour', 'tomorrow']) // a Sunday
  expect(presets(at('2026-11-23T08:00:00')).map((one) => localValue(one.at))).toEqual(['2026-11-23T09:00', '2026-11-24T09:00', '2026-11-30T09:00'])
})

test('planned messages stand by their time, older news do not undo newer ones', async () => {
  const one = (more: Partial<Planned>): Planned => ({ id: '1', conversation_id: '1', text: 'A', attachments: [], due_at: '2026-11-22T09:00:00Z', state: 'waiting', error: '', version: 1, author: { id: '2', name: 'B' }, ...more })
  const store = createScheduled({ get: async () => ({ items: [], next: null }) } as never)
  store.hear(one({}))
  expect(store.of('1')).toEqual([]) // nobody looks at this chat
  await store.load('1')
  store.hear(one({ version: 2, text: 'B' }))
  store.hear(one({}))
  store.hear(one({ id: '2', due_at: '2026-11-21T09:00:00Z' }))
  expect(store.of('1').map((planned) => planned.text)).toEqual(['A', 'B'])
  store.hear(one({ version: 3, state: 'sent' }))
  expect(store.of('1')).toHaveLength(1)
})

test('a template is read with its holes filled', () => {
  const template = { body: 'Hello, {{1}}! Order {{ 2 }}', variables: ['1', '2'], header_text: 'For {{name}}', footer: 'Shop' } as MessageTemplate
  expect(templateWords(template, { values: ['Anna'], header_value: 'you' })).toBe('For you\n\nHello, Anna! Order {{ 2 }}\n\nShop')
})
