import { expect, test } from 'vitest'
import { contrast, hardships } from '../../src/settings/site/contrast'
import { linesOf, nextRow, rowsOf } from '../../src/settings/site/hours'
import { rehearse, type Rehearsed } from '../../src/settings/site/rehearsal'
import { LOOK, TEXTS } from '../widget-site'

test('contrast is that of the guidelines', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  expect(hardships('#2fc6f6')).toEqual({ words: false, page: true })
  expect(hardships('#0055aa')).toEqual({ words: false, page: false })
})

test('hours are the same after the form', () => {
  const lines = 'mon-fri 09:00-18:00\nsat 10:00-14:00'
  expect(linesOf(rowsOf(lines))).toBe(lines)
  expect(rowsOf('sun 8:00-24:00')).toEqual([{ first: 'sun', last: 'sun', from: '08:00', to: '00:00' }])
  expect(rowsOf('whenever')).toEqual([])
  expect(linesOf([nextRow([])])).toBe('mon-fri 09:00-18:00')
})

const told: Rehearsed = { look: { ...LOOK, title: 'Shop', consent: { text: 'I agree', url: null } }, away_text: 'Back at nine', texts: TEXTS, wrong: {} }

test('the preview is the widget itself and leaves the focus where it is', () => {
  const field = document.body.appendChild(document.createElement('input'))
  const stage = document.body.appendChild(document.createElement('div'))
  field.focus()
  const chat = rehearse(stage, told, false)
  expect(chat.shadowRoot!.querySelector('h2')!.textContent).toBe('Shop')
  expect(chat.isOpen).toBe(true)
  expect(document.activeElement).toBe(field)
  const again = rehearse(stage, told, true)
  expect(stage.children.length).toBe(1)
  expect(again.shadowRoot!.textContent).toContain('Back at nine')
})

test('what is tried in the preview is forgotten', async () => {
  const stage = document.body.appendChild(document.createElement('div'))
  const chat = rehearse(stage, told, false)
  chat.shadowRoot!.querySelector<HTMLInputElement>('.consent input')!.click()
  chat.close()
  const again = rehearse(stage, told, false)
  expect(again.isOpen).toBe(false)
  expect(again.shadowRoot!.querySelector<HTMLElement>('.consent')!.hidden).toBe(false)
})
