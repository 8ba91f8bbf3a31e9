import { mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import b24ui from '@bitrix24/b24ui-nuxt/vue-plugin'
import AttachmentView from '../../src/chat/AttachmentView.vue'
import MessageBubble from '../../src/chat/MessageBubble.vue'
import { APP, createPage } from '../../src/lib/app'
import type { Attachment } from '../../src/lib/types'
import { boot, message } from '../build'

const STICKER = { id: '1', kind: 'sticker', name: 'sticker-51.webp', mime: 'image/webp', size: 4, url: '/files/1', state: 'ready' } as unknown as Attachment

function file(attachment: Partial<Attachment>) {
  return mount(AttachmentView, { props: { attachment: { ...STICKER, ...attachment } } })
}

function bubble(text: string) {
  const props = { message: message({ text }), first: true, last: true, me: '1', mayReply: true, mayQuote: true, client: 'Anna' }
  return mount(MessageBubble, { props, global: { plugins: [b24ui], provide: { [APP as symbol]: createPage(boot()) } } })
}

test('a place is its name and a link to the map', () => {
  const page = bubble('📍 Shop, Main St 1\nhttps://maps.google.com/maps?q=55.75,37.62')
  const link = page.get('[data-test="message-text"] a')
  expect([link.text(), link.attributes('href')]).toEqual(['Show on the map', 'https://maps.google.com/maps?q=55.75,37.62'])
  expect(page.get('[data-test="message-text"]').text()).toContain('📍 Shop, Main St 1')
})

test('a contact is a name with a phone', () => {
  expect(bubble('👤 Boris +7 900 765-43-21').get('[data-test="message-text"]').text()).toBe('👤 Boris +7 900 765-43-21')
})

test('a sticker is a picture, a moving one plays by itself', () => {
  expect(file({}).get('img').classes()).toContain('sticker')
  const moving = file({ mime: 'video/webm' }).get('video')
  expect(moving.classes()).toContain('sticker')
  expect(moving.attributes()).toMatchObject({ loop: '', playsinline: '', 'aria-label': 'Sticker' })
  expect(moving.attributes('controls')).toBeUndefined()
})

test('a sticker that cannot be shown is a file one can take', () => {
  expect(file({ mime: 'application/x-tgsticker', kind: 'document', name: 'sticker-53.tgs' }).get('[data-test="file"]').text()).toContain('sticker-53.tgs')
})
