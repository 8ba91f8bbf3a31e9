import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { nextTick } from 'vue'
import Composer from '../../src/chat/Composer.vue'
import { APP, createPage } from '../../src/lib/app'
import type { Conversation } from '../../src/lib/types'
import { boot, conversation } from '../build'

let shown: VueWrapper | undefined

function open(one: Conversation = conversation(), preferences = {}) {
  vi.stubGlobal('fetch', vi.fn(async () => new Response('{"items":[],"next":null}')))
  const app = createPage(boot({ preferences }))
  const send = vi.spyOn(app.messages, 'send').mockReturnValue('uuid')
  shown = mount(Composer, {
    props: { conversation: one },
    attachTo: document.body,
    global: { provide: { [APP as symbol]: app }, stubs: { EmojiPicker: true } }
  })
  return { app, send, field: shown.get<HTMLTextAreaElement>('[data-test=message-input]') }
}

afterEach(() => {
  shown?.unmount()
  vi.unstubAllGlobals()
})

test('Enter sends and clears the field', async () => {
  const { send, field } = open()
  await field.setValue('  Hello ')
  await field.trigger('keydown', { key: 'Enter' })
  expect(send).toHaveBeenCalledWith('1', { text: 'Hello', attachments: [], quote: null })
  expect(field.element.value).toBe('')
})

test('Shift+Enter is a new line', async () => {
  const { send, field } = open()
  await field.setValue('Hello')
  await field.trigger('keydown', { key: 'Enter', shiftKey: true })
  expect(send).not.toHaveBeenCalled()
})

test('by preference only Ctrl+Enter sends', async () => {
  const { send, field } = open(conversation(), { send_on_enter: false })
  await field.setValue('Hello')
  await field.trigger('keydown', { key: 'Enter' })
  expect(send).not.toHaveBeenCalled()
  await field.trigger('keydown', { key: 'Enter', ctrlKey: true })
  expect(send).toHaveBeenCalledOnce()
})

test('Enter that ends a composed word does not send', async () => {
  const { send, field } = open()
  await field.setValue('こん')
  await field.trigger('keydown', { key: 'Enter', isComposing: true })
  expect(send).not.toHaveBeenCalled()
})

test('a new chat says why one cannot write', () => {
  const { field } = open(conversation({ status: 'new', may: { accept: true, reply: false, close: false, reopen: false } }))
  expect(field.element.disabled).toBe(true)
  expect(shown?.get('[data-test=composer-reason]').text()).toBe('Take the chat to answer.')
})

test('each chat keeps its draft', async () => {
  const { app, field } = open()
  await field.setValue('half a sent')
  expect(app.drafts.text('1')).toBe('half a sent')
})

test('the draft of the server is there at once', () => {
  const { field } = open(conversation({ draft: 'from yesterday' }))
  expect(field.element.value).toBe('from yesterday')
})

test('nothing is sent while a file is on its way', async () => {
  const { app, send, field } = open()
  vi.spyOn(app.api, 'upload').mockReturnValue(new Promise(() => {}))
  app.outbox.add('1', [new File(['x'], 'a.pdf', { type: 'application/pdf' })])
  await field.setValue('Hello')
  await field.trigger('keydown', { key: 'Enter' })
  expect(send).not.toHaveBeenCalled()
})

test('an uploaded file goes without a text', async () => {
  const { app, send } = open()
  const attachment = { id: 'f1', kind: 'document', name: 'a.pdf', size: 1, mime: 'application/pdf', url: null }
  vi.spyOn(app.api, 'upload').mockResolvedValue(attachment)
  app.outbox.add('1', [new File(['x'], 'a.pdf', { type: 'application/pdf' })])
  await nextTick()
  await nextTick()
  await shown?.get('form').trigger('submit')
  expect(send).toHaveBeenCalledWith('1', { text: '', attachments: [attachment], quote: null })
})

test('a file over the limit is refused before the upload', () => {
  const { app } = open()
  const upload = vi.spyOn(app.api, 'upload')
  const large = new File(['x'], 'film.mp4')
  Object.defineProperty(large, 'size', { value: 21 * 1024 * 1024 })
  app.outbox.add('1', [large])
  expect(upload).not.toHaveBeenCalled()
  expect(app.outbox.of('1').files[0]?.error).toContain('20 MB')
})
