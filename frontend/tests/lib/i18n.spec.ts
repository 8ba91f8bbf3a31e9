import { afterEach, expect, test } from 'vitest'
import { loadCatalogue, n, t, useCatalogue } from '../../src/lib/i18n'

afterEach(() => useCatalogue({ locale: 'en', messages: {} }))

test('parameters are filled in', () => {
  expect(t('Hello, {name}', { name: 'Anna' })).toBe('Hello, Anna')
})

test('Russian has three forms', () => {
  useCatalogue({ locale: 'ru', messages: { '{count} chat': ['{count} чат', '{count} чата', '{count} чатов'] } })
  expect([1, 2, 5, 21, 112].map((count) => n(count, '{count} chat', '{count} chats'))).toEqual(['1 чат', '2 чата', '5 чатов', '21 чат', '112 чатов'])
})

test('a missing text stays English', () => {
  useCatalogue({ locale: 'ru', messages: {} })
  expect([t('Open'), n(2, '{count} chat', '{count} chats')]).toEqual(['Open', '2 chats'])
})

test('a catalogue that does not come is no disaster', async () => {
  await loadCatalogue('ru', async () => { throw new TypeError('network') })
  expect(t('Open')).toBe('Open')
})
