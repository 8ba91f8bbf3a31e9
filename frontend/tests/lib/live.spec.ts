import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../../src/lib/api'
import { Live, type LiveState } from '../../src/lib/live'
import type { LiveEvent } from '../../src/lib/types'

class FakeSocket {
  static all: FakeSocket[] = []
  sent: unknown[] = []
  onopen: (() => void) | null = null
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: (() => void) | null = null

  constructor() { FakeSocket.all.push(this) }
  send(text: string) { this.sent.push(JSON.parse(text)) }
  close() { this.onclose?.() }
  frame(frame: object) { this.onmessage?.({ data: JSON.stringify(frame) }) }
}

const post = vi.fn(async () => ({ ticket: 'once' }))
const get = vi.fn()
const stream = vi.fn()
let events: LiveEvent[]
let states: LiveState[]
let resets: number
let live: Live

function start(socket: () => unknown = () => new FakeSocket()): void {
  live = new Live({
    api: { post, get, stream } as never,
    after: 5,
    onEvent: (event) => events.push(event),
    onReset: () => { resets += 1 },
    onState: (state) => states.push(state),
    socket: socket as never,
    url: 'ws://here',
    random: () => 0.5
  })
  void live.run()
}

const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
const last = () => FakeSocket.all.at(-1)!

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
  events = []
  states = []
  resets = 0
  post.mockReset().mockResolvedValue({ ticket: 'once' })
  stream.mockReset()
  get.mockReset()
})
afterEach(() => {
  live.stop()
  vi.useRealTimers()
})

test('the first frame carries the ticket and the last seen event', async () => {
  start()
  await turn()
  last().onopen?.()
  expect(last().sent).toEqual([{ ticket: 'once', after: 5 }])
})

test('a new connection resumes after the last event', async () => {
  start()
  await turn()
  last().onopen?.()
  last().frame({ kind: 'ready', last: 5 })
  last().frame({ id: 6, kind: 'message', data: { id: '1' } })
  last().frame({ id: 7, kind: 'message', data: { id: '2' } })
  last().close()
  await turn(2_000)
  expect(FakeSocket.all).toHaveLength(2)
  last().onopen?.()
  expect(last().sent).toEqual([{ ticket: 'once', after: 7 }])
})

test('an event comes through once', async () => {
  start()
  await turn()
  last().frame({ id: 6, kind: 'message', data: {} })
  last().frame({ id: 6, kind: 'message', data: {} })
  last().frame({ id: 4, kind: 'message', data: {} })
  expect(events.map((event) => event.id)).toEqual([6])
})

test('a reset moves on and asks to read again', async () => {
  start()
  await turn()
  last().frame({ kind: 'reset', last: 90 })
  expect([resets, live.last]).toEqual([1, 90])
})

test('silence of 45 seconds is a broken line', async () => {
  start()
  await turn()
  last().frame({ kind: 'ready', last: 5 })
  await turn(44_000)
  expect(FakeSocket.all).toHaveLength(1)
  await turn(2_500)
  expect(FakeSocket.all).toHaveLength(2)
})

test('a ping keeps the line', async () => {
  start()
  await turn()
  last().frame({ kind: 'ready', last: 5 })
  await turn(40_000)
  last().frame({ kind: 'ping' })
  await turn(40_000)
  expect(FakeSocket.all).toHaveLength(1)
})

test('a lasting outage is shown and does not change the transport', async () => {
  post.mockRejectedValue(new ApiError(0, { code: 'unreachable', message: '' }))
  start()
  await turn(60_000)
  expect(states).toContain('lost')
  expect([stream.mock.calls.length, live.transport]).toEqual([0, 'socket'])
})

test('where sockets are blocked the stream takes over', async () => {
  const lines = 'id: 6\nevent: message\ndata: {"id":"1"}\n\n'
  stream.mockImplementation(async () => new Response(new ReadableStream({ start(control) { control.enqueue(new TextEncoder().encode(lines)) } })))
  start(() => {
    const socket = new FakeSocket()
    queueMicrotask(() => socket.close())
    return socket
  })
  await turn(5_000)
  expect(stream).toHaveBeenCalledWith('/stream', { 'Last-Event-ID': '5' }, expect.anything())
  expect(events).toEqual([{ id: 6, kind: 'message', data: { id: '1' } }])
  expect(states.at(-1)).toBe('open')
})

test('where streams are blocked too it asks again and again', async () => {
  stream.mockRejectedValue(new ApiError(502, { code: 'http_502', message: '' }))
  get.mockImplementation(async (_path: string, { query }: { query: { after: number } }) => (
    { items: query.after < 6 ? [{ id: 6, kind: 'typing', data: {} }] : [], last: 6 }
  ))
  start(() => {
    const socket = new FakeSocket()
    queueMicrotask(() => socket.close())
    return socket
  })
  await turn(20_000)
  expect(live.transport).toBe('poll')
  expect(events.map((event) => event.id)).toEqual([6])
  expect(get.mock.calls.length).toBeGreaterThan(1)
})
