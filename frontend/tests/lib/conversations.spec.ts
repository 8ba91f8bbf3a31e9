import { afterEach, expect, test, vi } from 'vitest'
import { createConversations } from '../../src/lib/store/conversations'
import type { Conversation } from '../../src/lib/types'
import { conversation, message, settled } from '../build'

function store(pages: Record<string, Conversation[]> = {}, more: object = {}) {
  const get = vi.fn(async (path: string, { query }: { query?: { status?: string } } = {}) => {
    if (path.endsWith('counters')) return { new: 0, active: 0, active_unread: 0, others: 0, closed: 0 }
    return { items: pages[query?.status ?? 'all'] ?? [], next: null }
  })
  const post = vi.fn()
  return { conversations: createConversations({ api: { get, post } as never, userId: '2', ...more }), get, post }
}
const at = (time: string) => ({ id: 'x', text: '', direction: 'in' as const, at: time, state: 'received' as const })
const ids = (list: Conversation[]) => list.map((one) => one.id)

afterEach(() => vi.useRealTimers())

test('the newest activity stands first', () => {
  const { conversations } = store()
  conversations.put(conversation({ id: '1', last_message: at('2026-11-21T10:00:00Z') }))
  conversations.put(conversation({ id: '2', last_message: at('2026-11-21T11:00:00Z') }))
  expect(ids(conversations.list('active'))).toEqual(['2', '1'])
})

test('a last message that fails shows in the list', () => {
  const { conversations } = store()
  conversations.put(conversation())
  conversations.hearState(message({ state: 'failed' }))
  expect(conversations.known.get('1')?.last_message?.state).toBe('failed')
})

test('an accepted chat moves to the other list with its counters', () => {
  const { conversations } = store()
  conversations.put(conversation({ status: 'new' }))
  conversations.state.counters = { new: 1, active: 0, active_unread: 0, others: 0, closed: 0 }
  conversations.hear(conversation({ status: 'active', version: 2 }))
  expect([ids(conversations.list('new')), ids(conversations.list('active'))]).toEqual([[], ['1']])
  expect(conversations.state.counters).toMatchObject({ new: 0, active: 1 })
})

test('an older version changes nothing', () => {
  const { conversations } = store()
  conversations.hear(conversation({ version: 3, unread: 2 }))
  conversations.hear(conversation({ version: 2, unread: 9 }))
  expect(conversations.known.get('1')?.unread).toBe(2)
})

test('chats of colleagues are a list of their own, for those who may', () => {
  const clara = { id: '3', name: 'Clara' }
  let may = true
  const { conversations } = store({}, { seesOthers: () => may })
  conversations.put(conversation({ id: '1', responsible: clara }))
  conversations.put(conversation({ id: '2', status: 'new', responsible: null }))
  expect([ids(conversations.list('active')), ids(conversations.list('others'))]).toEqual([[], ['1']])
  may = false
  conversations.sortAnew()
  expect([ids(conversations.list('others')), ids(conversations.list('new'))]).toEqual([[], ['2']])
})

test('a chat handed to me comes from the colleagues\' list', () => {
  const { conversations } = store()
  conversations.put(conversation({ responsible: { id: '3', name: 'Clara' } }))
  conversations.state.counters.others = 1
  conversations.hear(conversation({ version: 2 }))
  expect(conversations.state.counters).toMatchObject({ active: 1, others: 0 })
})

test('a filter hides at once and asks for the rest', async () => {
  const { conversations, get } = store()
  conversations.put(conversation({ id: '1', tags: ['5'] }))
  conversations.put(conversation({ id: '2' }))
  const asked = conversations.setFilter({ tag: '5' })
  expect(ids(conversations.list('active'))).toEqual(['1'])
  await asked
  expect(get).toHaveBeenCalledWith('/conversations', { query: expect.objectContaining({ tag: '5', status: 'active', scope: 'desk' }) })
})

test('a chat from far below does not stand among the newest', async () => {
  const { conversations, get } = store()
  get.mockImplementation(async () => ({ items: [conversation({ id: '2' })], next: 'more' }) as never)
  await conversations.load('active')
  conversations.put(conversation({ id: '1', last_message: at('2020-01-01T10:00:00Z') }))
  expect(ids(conversations.list('active'))).toEqual(['2'])
})

test('reading again drops what has gone elsewhere', async () => {
  const { conversations } = store({ closed: [conversation({ id: '1', status: 'closed', version: 5 })] })
  conversations.put(conversation({ id: '1' }))
  conversations.put(conversation({ id: '2' }))
  await conversations.reloadAll()
  expect([ids(conversations.list('active')), ids(conversations.list('closed'))]).toEqual([[], ['1']])
})

test('a chat that came while reading stays', async () => {
  const { conversations } = store()
  const reading = conversations.reloadAll()
  conversations.hear(conversation({ id: '9' }))
  await reading
  expect(ids(conversations.list('active'))).toEqual(['9'])
})

test('a slow search does not overwrite a later one', async () => {
  const { conversations, get } = store()
  let slow = (_: unknown) => {}
  const groups = (id: string) => ({ groups: { active: { items: [{ conversation: conversation({ id }), found: null }], more: false } } })
  get.mockImplementationOnce(() => new Promise((resolve) => { slow = resolve }) as never)
  void conversations.search('a')
  get.mockImplementationOnce(async () => groups('2') as never)
  await conversations.search('ab')
  slow(groups('1'))
  await settled()
  expect(ids(conversations.found.value)).toEqual(['2'])
})

test('read is shown before the server knows', async () => {
  vi.useFakeTimers()
  const { conversations, post } = store()
  conversations.put(conversation({ unread: 4 }))
  await conversations.markRead('1', '10')
  expect(conversations.known.get('1')?.unread).toBe(0)
  expect(post).toHaveBeenCalledWith('/conversations/1/read', { message_id: '10' })
})

test('a CRM tab asks about strangers instead of showing them', async () => {
  const { conversations, get } = store({}, { entity: { type: 'deal', id: '5' } })
  conversations.hear(conversation({ id: '77' }))
  await settled()
  expect(ids(conversations.list('active'))).toEqual([])
  expect(get).toHaveBeenCalledWith('/conversations', { query: expect.objectContaining({ entity_type: 'deal', entity_id: '5' }) })
})

test('typing passes by itself', () => {
  vi.useFakeTimers()
  const { conversations } = store()
  conversations.heardTyping('1')
  expect('1' in conversations.state.typing).toBe(true)
  vi.advanceTimersByTime(7_000)
  expect('1' in conversations.state.typing).toBe(false)
})
