import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Chat } from '../src/widget/chat'
import type { Look } from '../src/widget/types'
import { LOOK, setup, Site, settled } from './widget-site'

customElements.define('callgear-chat', Chat)
beforeEach(() => localStorage.clear())
afterEach(() => {
  document.body.replaceChildren()
  vi.unstubAllGlobals()
})

function begun(look: Partial<Look> = {}, site = new Site()) {
  const config = { ...LOOK, title: 'Shop', greeting: 'Hello!', color: '#ffee00', ...look }
  site.look = config
  const chat = document.createElement('callgear-chat') as Chat
  chat.begin(setup(config))
  document.body.append(chat)
  const root = chat.shadowRoot!
  const find = <T extends HTMLElement>(selector: string) => root.querySelector<T>(selector)!
  const write = (text: string) => {
    const area = find<HTMLTextAreaElement>('textarea')
    area.value = text
    area.dispatchEvent(new Event('input'))
    area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', cancelable: true }))
  }
  return { chat, find, root, site, write }
}

it('opens by its button and by a call, closes by Escape', async () => {
  const { chat, find, root } = begun()
  expect(find('.panel').hidden).toBe(true)
  find('.launcher').click()
  expect(chat.isOpen).toBe(true)
  expect(find('.launcher').getAttribute('aria-expanded')).toBe('true')
  expect(root.activeElement).toBe(find('textarea'))
  find('.panel').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
  expect(chat.isOpen).toBe(false)
  chat.open()
  expect(find('h2').textContent).toBe('Shop')
  await settled()
})

it('shows text as text', async () => {
  const { chat, find, site, write } = begun()
  chat.open()
  write('<img src=x onerror=alert(1)>')
  await settled()
  site.tell('message', site.answer('10', '<script>alert(1)</script> https://a.example'))
  await settled()
  expect(find('.log').querySelectorAll('img, script').length).toBe(0)
  expect(find('.log').textContent).toContain('<img src=x onerror=alert(1)>')
  expect(find('.note.out a').getAttribute('href')).toBe('https://a.example')
})

it('sends by Enter, but not while a word is being composed', async () => {
  const { chat, find, site, write } = begun()
  chat.open()
  const area = find<HTMLTextAreaElement>('textarea')
  area.value = 'かな'
  area.dispatchEvent(new Event('input'))
  area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true }))
  area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', shiftKey: true }))
  await settled()
  expect(site.hooks('message')).toEqual([])
  write('hello')
  await settled()
  expect(site.hooks('message').map((body) => body.text)).toEqual(['hello'])
  expect(area.value).toBe('')
})

it('asks for consent before the first word and tells of it once', async () => {
  const consent = { text: 'I agree', url: 'https://shop.example/policy' }
  const { chat, find, site, write } = begun({ consent })
  chat.open()
  write('hello')
  await settled()
  expect(site.bodies).toEqual([])
  find<HTMLInputElement>('.consent input').click()
  write('hello')
  await settled()
  expect(site.bodies.map((body) => body.type)).toEqual(['consent', 'message'])
  expect(find('.consent').hidden).toBe(true)
  expect(find('.consent a').getAttribute('href')).toBe(consent.url)
})

it('asks who writes, and takes no for an answer', async () => {
  const { chat, find, site } = begun({ contact_form: true })
  chat.open()
  expect(find('.write').hidden).toBe(true)
  find<HTMLInputElement>('.ask [type=tel]').value = '+7 900 000-00-00'
  find<HTMLFormElement>('.ask').requestSubmit()
  await settled()
  expect(site.hooks('profile')[0]).toMatchObject({ phone: '+7 900 000-00-00', name: '' })
  expect(find('.ask').hidden).toBe(true)
  localStorage.clear()
  const again = begun({ contact_form: true })
  again.chat.open()
  again.find('.ask div button[type=button]').click()
  await settled()
  expect(again.site.hooks('profile')).toEqual([])
  expect(again.find('.write').hidden).toBe(false)
})

it('shows how many answers wait', async () => {
  const { chat, find, site, write } = begun()
  chat.open()
  write('hello')
  await settled()
  chat.close()
  site.tell('message', site.answer('10', 'good day'))
  await settled()
  expect(find('.badge').textContent).toBe('1')
  expect(find('.badge').hidden).toBe(false)
  chat.open()
  await settled()
  expect(find('.badge').hidden).toBe(true)
  expect(site.hooks('read').length).toBe(1)
})

it('brings a file along', async () => {
  const { chat, find, site, write } = begun()
  chat.open()
  const picker = find<HTMLInputElement>('[type=file]')
  Object.defineProperty(picker, 'files', { value: [new File(['x'], 'a.png')], configurable: true })
  picker.dispatchEvent(new Event('change'))
  await settled()
  expect(find('.files').textContent).toContain('a.png')
  write('look')
  await settled()
  expect(site.hooks('message')[0]!.files).toEqual(['3'])
  expect(find('.files').textContent).toBe('')
})

it('refuses a file that is too large', async () => {
  const { chat, find, site } = begun({ file_limit: 0 })
  chat.open()
  const picker = find<HTMLInputElement>('[type=file]')
  Object.defineProperty(picker, 'files', { value: [new File(['x'], 'a.png')], configurable: true })
  picker.dispatchEvent(new Event('change'))
  await settled()
  expect(find('.status').textContent).toContain('too large')
  expect(site.calls.some((url) => url.endsWith('/files'))).toBe(false)
})

it('says who types and that the network is away', async () => {
  const { chat, find, site, write } = begun()
  chat.open()
  write('hello')
  await settled()
  site.tell('typing', { author: 'Boris' })
  await settled()
  expect(find('.status').textContent).toBe('Boris is typing…')
  site.broken = Infinity
  write('more')
  await settled()
  expect(find('.status').textContent).toContain('No connection')
})

it('is read on a light colour', () => {
  expect(begun({ color: '#ffee00' }).chat.style.getPropertyValue('--on-accent')).toBe('#111')
  expect(begun({ color: '#0055aa' }).chat.style.getPropertyValue('--on-accent')).toBe('#fff')
})

it('hides when it is switched off', async () => {
  const site = new Site()
  site.gone = true
  localStorage.setItem('callgear:k:visitor', '"known"')
  const { chat } = begun({}, site)
  await settled()
  expect(chat.hidden).toBe(true)
})

it('keeps what is left outside working hours', async () => {
  const { chat, find, site } = begun({ away: 'Back at nine' })
  chat.open()
  expect(find('.ask').textContent).toContain('Back at nine')
  expect(find('.write').hidden).toBe(true)
  find<HTMLTextAreaElement>('.ask textarea').value = 'Call me'
  find<HTMLFormElement>('.ask').requestSubmit()
  expect(find('.status').textContent).toBe('Leave a phone number or an e-mail address.')
  find<HTMLInputElement>('.ask [type=tel]').value = '+7 900 000-00-00'
  find<HTMLFormElement>('.ask').requestSubmit()
  await settled()
  expect(site.hooks('request')[0]).toMatchObject({ phone: '+7 900 000-00-00', text: 'Call me', page: { utm: {} } })
  expect(find('.log').textContent).toContain('Thank you!')
  expect(find('.ask').hidden).toBe(true)
})

it('gives back what was left and refused', async () => {
  const { chat, find, site } = begun({ away: '' })
  site.refusal = 400
  chat.open()
  find<HTMLTextAreaElement>('.ask textarea').value = 'Call me'
  find<HTMLInputElement>('.ask [type=tel]').value = '12'
  find<HTMLFormElement>('.ask').requestSubmit()
  await settled()
  expect(find('.ask').hidden).toBe(false)
  expect(find<HTMLTextAreaElement>('.ask textarea').value).toBe('Call me')
})

it('asks for the fields of the settings, and insists on some', () => {
  const { chat, find, root } = begun({ contact_form: true, ask: [['name', 'required'], ['email', 'optional']] })
  chat.open()
  const asked = [...root.querySelectorAll<HTMLInputElement>('.ask input')].map((one) => [one.name, one.required])
  expect(asked).toEqual([['name', true], ['email', false]])
  expect(find('.ask').textContent).not.toContain('skip')
})

it('shows how much of a file is there', async () => {
  const { chat, find, site } = begun()
  site.slow = true
  chat.open()
  const picker = find<HTMLInputElement>('[type=file]')
  Object.defineProperty(picker, 'files', { value: [new File(['x'], 'a.png')], configurable: true })
  picker.dispatchEvent(new Event('change'))
  await settled()
  expect(find<HTMLProgressElement>('.files progress').value).toBe(0.5)
  site.finish()
  await settled()
  expect(find('.files progress')).toBeNull()
})

it('greets once by itself', async () => {
  vi.useFakeTimers()
  const { chat, find } = begun({ delay: 5 })
  expect(find('.hello').hidden).toBe(true)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(find('.hello').textContent).toBe('Hello!')
  find('.hello').click()
  expect([chat.isOpen, find('.hello').hidden]).toEqual([true, true])
  const again = begun({ delay: 5 })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(again.find('.hello').hidden).toBe(true)
  vi.useRealTimers()
})

it('stands in the corner that was chosen, with words if there are some', () => {
  const { chat, find } = begun({ position: 'left', button: 'Ask us' })
  expect(chat.dataset.side).toBe('left')
  expect(find('.launcher span').textContent).toBe('Ask us')
})

it('tells what came while nobody looked, and what was read then', async () => {
  const { chat, site, write } = begun()
  chat.open()
  write('hello')
  await settled()
  chat.close()
  site.tell('message', site.answer('10', 'good day'))
  await settled()
  expect(site.hooks('delivered').length).toBe(1)
  chat.open()
  await settled()
  expect(site.hooks('read').length).toBe(1)
})
