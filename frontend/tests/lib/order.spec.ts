import { expect, test } from 'vitest'
import { createOrder } from '../../src/lib/store/order'
import type { Conversation } from '../../src/lib/types'
import { conversation } from '../build'

const made = () => createOrder(['here', 'there'] as const, (one: Conversation) => Date.parse(one.opened_at))
const chat = (id: string, minute: number) => conversation({ id, opened_at: new Date(Date.UTC(2026, 10, 21, 10, minute)).toISOString() })

test('whatever comes in whatever order stands in order', () => {
  const order = made()
  const numbers = Array.from({ length: 200 }, (_, at) => (at * 73) % 200)
  for (const number of numbers) order.put(chat(String(number), number % 50), 'here')
  for (const number of numbers) order.put(chat(String(number), (number * 7) % 50), 'here')
  const times = order.list('here').map((one) => Date.parse(one.opened_at))
  expect(times).toEqual([...times].sort((one, other) => other - one))
  expect(order.list('here')).toHaveLength(200)
})

test('among equals the larger number is first, as numbers', () => {
  const order = made()
  for (const id of ['9', '10', '100']) order.put(chat(id, 1), 'here')
  expect(order.list('here').map((one) => one.id)).toEqual(['100', '10', '9'])
})

test('a chat stands in one list, or in none', () => {
  const order = made()
  order.put(chat('1', 1), 'here')
  order.put(chat('1', 1), 'there')
  expect([order.list('here').length, order.list('there').length]).toEqual([0, 1])
  order.put(chat('1', 1), null)
  expect(order.list('there')).toEqual([])
})
