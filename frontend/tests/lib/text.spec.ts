import { expect, test } from 'vitest'
import { capped, initials, isJumbo, linkText, phone, pieces } from '../../src/lib/text'

test('links are found without the full stop after them', () => {
  expect(pieces('See https://shop.example/a?b=1. Thanks')).toEqual([
    { text: 'See ' }, { text: 'https://shop.example/a?b=1', href: 'https://shop.example/a?b=1' }, { text: '. Thanks' }
  ])
})

test('a script is no link', () => {
  expect(pieces('javascript:alert(1)').some((piece) => piece.href)).toBe(false)
})

test('pieces joined are the text', () => {
  const text = 'a@b.example и http://x.y, «https://z.example/путь»!'
  expect(pieces(text).map((piece) => piece.text).join('')).toBe(text)
})

test('a place is a link in words, all other links are as they came', () => {
  expect(pieces('📍 Shop\nhttps://maps.google.com/maps?q=-55.75,37.62').map(linkText)).toEqual(['📍 Shop\n', 'Show on the map'])
  const other = 'https://maps.google.com/maps?q=cafe'
  expect(pieces(other).map(linkText)).toEqual([other])
})

test('only a few emoji are drawn large', () => {
  expect(['👍', '❤️🔥', '👍 ok', '123'].map(isJumbo)).toEqual([true, true, false, false])
})

test('initials of any alphabet', () => {
  expect(['Анна Воронцова', 'bob', '— 1042', ''].map(initials)).toEqual(['АВ', 'B', '1', '?'])
})

test('counters stop at 99+', () => {
  expect([capped(99), capped(100)]).toEqual(['99', '99+'])
})

test('a Russian phone is read in groups, any other as it came', () => {
  expect([phone('+79990001122'), phone('+14155550100')]).toEqual(['+7 999 000-11-22', '+14155550100'])
})
