import { expect, test } from 'vitest'
import { firstUnread, isRun, rowsOf } from '../../src/chat/grouping'
import { message } from '../build'

const at = (hour: number, minute: number, day = 21) => new Date(2026, 10, day, hour, minute).toISOString()
const boris = { id: '2', name: 'Boris' }

test('a run is one author within ten minutes', () => {
  const rows = rowsOf([
    message({ id: '1', at: at(10, 0) }), message({ id: '2', at: at(10, 9) }), message({ id: '3', at: at(10, 30) }),
    message({ id: '4', at: at(10, 31), direction: 'out', origin: 'workplace', author: boris })
  ])
  expect(rows.flatMap((row) => (row.type === 'message' ? [[row.message.id, row.first, row.last]] : []))).toEqual([
    ['1', true, false], ['2', false, true], ['3', true, true], ['4', true, true]
  ])
})

test('another operator begins a new run', () => {
  const out = { direction: 'out', origin: 'workplace' } as const
  expect(isRun(message({ ...out, author: boris }), message({ ...out, author: { id: '3', name: 'Clara' } }))).toBe(false)
})

test('each day has its pill', () => {
  const rows = rowsOf([message({ id: '1', at: at(23, 59, 20) }), message({ id: '2', at: at(0, 1) })])
  expect(rows.map((row) => row.type)).toEqual(['day', 'message', 'day', 'message'])
})

test('the unread line stands before the first unread one', () => {
  const rows = rowsOf([message({ id: '1', at: at(10, 0) }), message({ id: '2', at: at(10, 1) })], '2')
  expect(rows.map((row) => row.type)).toEqual(['day', 'message', 'unread', 'message'])
})

test('the first unread is counted over the messages of the client', () => {
  const log = [message({ id: '1' }), message({ id: '2' }), message({ id: '3', direction: 'out' }), message({ id: '4' })]
  expect([firstUnread(log, 2), firstUnread(log, 0), firstUnread(log, 9)]).toEqual(['2', null, null])
})

test('a row keeps its key when the server answers', () => {
  const [, local] = rowsOf([message({ id: 'local:u', client_uuid: 'u' })])
  const [, real] = rowsOf([message({ id: '5', client_uuid: 'u' })])
  expect(local?.key).toBe(real?.key)
})
