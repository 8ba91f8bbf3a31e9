import { afterEach, expect, test, vi } from 'vitest'
import { createWorkplace } from '../../src/lib/store/workplace'
import type { Status, Transfer } from '../../src/lib/workplace'
import { conversation } from '../build'

const may = { accept: true, accept_transfer: true, transfer: true, write: true, close: true, distribute: true, worktime: true }
const status = (id: string, more: Partial<Status> = {}): Status => ({ id, name: '', system: true, colour: 'green', icon: 'check', selectable: true, ...may, ...more })
const transfer = (more: Partial<Transfer> = {}): Transfer => ({
  id: '1', conversation_id: '1', state: 'pending', from: { id: '3', name: 'Clara' }, to: { id: '2', name: 'Boris' }, group: null,
  receivers: ['2'], comment: '', client: { name: 'Anna', channel: { kind: 'telegram', name: 'Shop' } }, ended_by: null, created_at: '2026-11-21T10:00:00Z', ...more
})

function store() {
  const api = { get: vi.fn(), post: vi.fn(async () => ({})), put: vi.fn(), delete: vi.fn() }
  const workplace = createWorkplace({ api: api as never, userId: '2' })
  workplace.state.facts.statuses = [status('available'), status('break', { accept: false, write: false })]
  return { workplace, api }
}

afterEach(() => vi.useRealTimers())

test('a status that forbids to write silences the chat with its reason', () => {
  const { workplace } = store()
  expect(workplace.limited(conversation()).may.reply).toBe(true)
  workplace.state.facts.status.id = 'break'
  const limited = workplace.limited(conversation())
  expect([limited.may.reply, limited.silent]).toEqual([false, 'Nothing can be written in your current status.'])
})

test('a refused change of the status is taken back', async () => {
  const { workplace, api } = store()
  api.put.mockRejectedValue(new Error('no'))
  await expect(workplace.choose('break')).rejects.toThrow('no')
  expect(workplace.state.facts.status.id).toBe('available')
})

test('an offer waits for me until it is answered or its chat goes', () => {
  const { workplace } = store()
  workplace.hearTransfer(transfer())
  expect(workplace.offers.value).toHaveLength(1)
  workplace.hearConversation(conversation({ status: 'closed' }))
  expect(workplace.offers.value).toHaveLength(0)
  workplace.hearTransfer(transfer({ receivers: ['9'] }))
  expect(workplace.state.facts.transfers).toHaveLength(0)
})

test('what I offered is not an offer to me', () => {
  const { workplace } = store()
  workplace.hearTransfer(transfer({ from: { id: '2', name: 'Boris' }, receivers: ['2', '5'] }))
  expect([workplace.offers.value.length, workplace.offerOf('1')?.id]).toEqual([0, '1'])
})

test('who looks is forgotten when they go or fall silent', () => {
  const { workplace } = store()
  const clara = { id: '3', name: 'Clara' }
  workplace.hearPresence({ conversation_id: '1', person: clara, deed: 'looking' })
  workplace.hearPresence({ conversation_id: '1', person: { id: '2', name: 'Boris' }, deed: 'looking' })
  expect(workplace.lookersOf('1', Date.now()).map((one) => one.name)).toEqual(['Clara'])
  expect(workplace.lookersOf('1', Date.now() + 60_000)).toEqual([])
  workplace.hearPresence({ conversation_id: '1', person: clara, deed: 'gone' })
  expect(workplace.lookersOf('1', Date.now())).toEqual([])
})

test('one says where one looks, again and again, and that one goes', () => {
  vi.useFakeTimers()
  const { workplace, api } = store()
  workplace.lookAt('1')
  vi.advanceTimersByTime(26_000)
  workplace.lookAt(null)
  const told = (api.post.mock.calls as unknown as [string, { conversation_id: string | null; deed: string }][]).map(([, body]) => `${body.conversation_id} ${body.deed}`)
  expect(told).toEqual(['1 looking', '1 looking', '1 gone', 'null looking'])
  workplace.stopLooking()
})
