import { expect, test, vi } from 'vitest'
import { listen, matches, type Shortcut } from '../../src/lib/keys'

const shortcut = (more: Partial<Shortcut> = {}): Shortcut => ({ keys: 'Alt+E', code: 'KeyE', alt: true, label: '', run: () => {}, ...more })
const press = (code: string, more: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { code, bubbles: true, cancelable: true, ...more })

test('the place of the key counts, not the letter', () => {
  expect(matches(shortcut(), press('KeyE', { key: 'у', altKey: true }))).toBe(true)
})

test('another modifier is another shortcut', () => {
  expect(matches(shortcut(), press('KeyE', { altKey: true, ctrlKey: true }))).toBe(false)
})

test('a plain key is left to the field one types in', () => {
  const run = vi.fn()
  const stop = listen([shortcut({ code: 'Slash', alt: false, run })])
  const field = document.body.appendChild(document.createElement('textarea'))
  field.dispatchEvent(press('Slash'))
  expect(run).not.toHaveBeenCalled()
  document.body.dispatchEvent(press('Slash'))
  expect(run).toHaveBeenCalledOnce()
  stop()
})

test('nothing is heard while a word is being composed', () => {
  expect(matches(shortcut({ typing: true }), press('KeyE', { altKey: true, isComposing: true }))).toBe(false)
})

test('an open dialog has the keys for itself', () => {
  const run = vi.fn()
  const stop = listen([{ keys: 'Esc', code: 'Escape', typing: true, label: '', run }])
  document.body.innerHTML = '<div data-dismissable-layer></div>'
  window.dispatchEvent(new KeyboardEvent('keydown', { code: 'Escape' }))
  document.body.innerHTML = ''
  window.dispatchEvent(new KeyboardEvent('keydown', { code: 'Escape' }))
  stop()
  expect(run).toHaveBeenCalledOnce()
})
