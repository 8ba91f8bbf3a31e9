import { expect, test, vi } from 'vitest'
import { ApiError } from '../../src/lib/api'
import { createMessages, isLocal } from '../../src/lib/store/messages'
import { message, settled } from '../build'

const draft = (text: string) => ({ text, attachments: [], quote: null })
const gone = new ApiError(0, { code: 'unreachable', message: 'gone' })

function store(post: (path: string, body: { client_uuid: string; text: string }) => Promise<unknown>, get = vi.fn(async () => ({ items: [] as unknown[], next: null as string | null }))) {
  const spy = vi.fn(post)
  const messages = createMessages({ api: { post: spy, get } as never, me: { id: '2', name: 'Boris' }, wait: async () => undefined })
  return { messages, post: spy, get }
}

test('a sent message shows at once and becomes the one of the server', async () => {
  const { messages } = store(async (_path, body) => message({ id: '11', direction: 'out', client_uuid: body.client_uuid, state: 'sent' }))
  messages.send('1', draft('Hi'))
  expect(messages.log('1').items.map((item) => [isLocal(item), item.state])).toEqual([[true, 'queued']])
  await settled()
  expect(messages.log('1').items.map((item) => [item.id, item.state])).toEqual([['11', 'sent']])
})

test('news of our own message do not double it', async () => {
  let answer = (_: unknown) => {}
  const { messages } = store((_path, body) => new Promise((resolve) => { answer = () => resolve(message({ id: '11', direction: 'out', client_uuid: body.client_uuid })) }))
  await messages.load('1')
  const uuid = messages.send('1', draft('Hi'))
  await settled()
  messages.hear(message({ id: '11', direction: 'out', client_uuid: uuid, version: 2, state: 'delivered' }))
  answer(0)
  await settled()
  expect(messages.log('1').items.map((item) => [item.id, item.state])).toEqual([['11', 'delivered']])
})

test('messages of a chat go one after another', async () => {
  const order: string[] = []
  const { messages } = store(async (_path, body) => {
    order.push(`${body.text} begins`)
    await settled()
    order.push(`${body.text} ends`)
    return message({ id: body.text, direction: 'out', client_uuid: body.client_uuid })
  })
  messages.send('1', draft('1'))
  messages.send('1', draft('2'))
  for (let turn = 0; turn < 10; turn += 1) await settled()
  expect(order).toEqual(['1 begins', '1 ends', '2 begins', '2 ends'])
})

test('a lost answer is asked for with the same uuid', async () => {
  let tries = 0
  const { messages, post } = store(async (_path, body) => {
    tries += 1
    if (tries < 3) throw gone
    return message({ id: '11', direction: 'out', client_uuid: body.client_uuid })
  })
  messages.send('1', draft('Hi'))
  for (let turn = 0; turn < 10; turn += 1) await settled()
  expect(new Set(post.mock.calls.map(([, body]) => body.client_uuid)).size).toBe(1)
  expect(messages.log('1').items.map((item) => item.id)).toEqual(['11'])
})

test('a refused message fails and the next one still goes', async () => {
  const { messages } = store(async (_path, body) => {
    if (body.text === 'bad') throw new ApiError(400, { code: 'invalid', message: 'Too long.' })
    return message({ id: '12', direction: 'out', text: body.text, client_uuid: body.client_uuid, state: 'sent' })
  })
  messages.send('1', draft('bad'))
  messages.send('1', draft('good'))
  for (let turn = 0; turn < 10; turn += 1) await settled()
  expect(messages.log('1').items.map((item) => [item.text, item.state, item.error?.message])).toEqual([['good', 'sent', undefined], ['bad', 'failed', 'Too long.']])
})

test('a retry keeps the uuid and leaves one copy', async () => {
  let refuse = true
  const { messages, post } = store(async (_path, body) => {
    if (refuse) throw new ApiError(400, { code: 'invalid', message: 'No.' })
    return message({ id: '11', direction: 'out', client_uuid: body.client_uuid, state: 'sent' })
  })
  messages.send('1', draft('Hi'))
  for (let turn = 0; turn < 5; turn += 1) await settled()
  refuse = false
  await messages.retry(messages.log('1').items[0]!)
  for (let turn = 0; turn < 5; turn += 1) await settled()
  expect(post.mock.calls[0]?.[1].client_uuid).toBe(post.mock.calls[1]?.[1].client_uuid)
  expect(messages.log('1').items.map((item) => item.id)).toEqual(['11'])
})

test('what the channel refused is retried by the server', async () => {
  const { messages, post } = store(async () => message({ id: '11', direction: 'out', state: 'queued', version: 3 }))
  await messages.load('1')
  const failed = message({ id: '11', direction: 'out', state: 'failed', version: 2 })
  messages.hear(failed)
  await messages.retry(failed)
  expect(post.mock.calls[0]?.[0]).toBe('/conversations/1/messages/11/retry')
})

test('an older version changes nothing', async () => {
  const { messages } = store(async () => ({}))
  await messages.load('1')
  messages.hear(message({ version: 3, state: 'read', direction: 'out' }))
  messages.hear(message({ version: 2, state: 'sent', direction: 'out' }))
  expect(messages.log('1').items.map((item) => item.state)).toEqual(['read'])
})

test('messages stand as they were kept, whatever clocks say', async () => {
  const { messages } = store(async () => ({}))
  await messages.load('1')
  messages.hear(message({ id: '10', at: '2026-11-21T10:00:00Z' }))
  messages.hear(message({ id: '9', at: '2026-11-21T10:00:00Z' }))
  messages.hear(message({ id: '12', at: '2026-11-21T09:00:00Z' }))
  expect(messages.log('1').items.map((item) => item.id)).toEqual(['9', '10', '12'])
})

test('older pages go before what is shown', async () => {
  const pages = [{ items: [message({ id: '20', at: '2026-11-21T12:00:00Z' })], next: 'c1' }, { items: [message({ id: '10' })], next: null }]
  const { messages, get } = store(async () => ({}), vi.fn(async () => pages.shift()!))
  await messages.load('1')
  await messages.loadOlder('1')
  expect(get).toHaveBeenLastCalledWith('/conversations/1/messages', { query: { limit: 50, before: 'c1' } })
  expect(messages.log('1').items.map((item) => item.id)).toEqual(['10', '20'])
})

test('a gap after a reset drops the old pages', async () => {
  const pages = [{ items: [message({ id: '10' })], next: null }, { items: [message({ id: '90', at: '2026-11-21T18:00:00Z' })], next: 'c9' }]
  const { messages } = store(async () => ({}), vi.fn(async () => pages.shift()!))
  await messages.load('1')
  await messages.load('1')
  expect([messages.log('1').items.map((item) => item.id), messages.log('1').next]).toEqual([['90'], 'c9'])
})
