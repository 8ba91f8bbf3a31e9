import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import b24ui from '@bitrix24/b24ui-nuxt/vue-plugin'
import StartWith from '../../src/outreach/StartWith.vue'
import { addressIn, reachedBy, strangerIn } from '../../src/outreach/asked'
import { APP, createPage } from '../../src/lib/app'
import type { Ability } from '../../src/lib/store/abilities'
import type { Group } from '../../src/lib/store/conversations'
import type { Channel } from '../../src/lib/types'
import { boot } from '../build'

const BOT = { kind: 'telegram', reached_by: ['phone', 'username'], found_by: [] } as unknown as Ability
const EMAIL = { kind: 'email', reached_by: ['email'], found_by: ['email'] } as unknown as Ability
const ALL = new Set(['phone', 'username', 'email'] as const)

function hits(...found: (object | null)[]): Group[] {
  return [{ id: 'active', hits: found.map((one) => ({ conversation: {}, found: one })), more: false } as unknown as Group]
}

function shown(search: object) {
  const app = createPage(boot())
  app.abilities.load = () => Promise.resolve()
  app.abilities.state.items = [BOT]
  Object.assign(app.channels.state, { loaded: true, items: [{ id: '1', kind: 'telegram', state: 'working' }] })
  app.conversations.state.search = { text: '', groups: [], loading: false, error: null, ...search }
  return mount(StartWith, { attachTo: document.body, global: { plugins: [b24ui], provide: { [APP as symbol]: app }, stubs: { WriteFirst: true } } })
}

describe('an address in the search', () => {
  it.each([
    ['+7 (999) 000-11-22', 'phone', '+7 (999) 000-11-22'],
    ['89990001122', 'phone', '89990001122'],
    ['@anna_k', 'username', '@anna_k'],
    ['https://t.me/anna_k', 'username', '@anna_k'],
    [' anna@shop.example ', 'email', 'anna@shop.example']
  ])('%s is one', (text, kind, value) => {
    expect(addressIn(text)).toEqual({ kind, value, name: '' })
  })

  it.each(['', 'Anna', 'anna_k', '999 000', '12.10.2026', '@an', '@12345', 'anna@shop', '1234567890123456', '+7 999 000-11-22 Anna'])('«%s» is none', (text) => {
    expect(addressIn(text)).toBeNull()
  })
})

describe('a chat with a stranger', () => {
  it('is offered when nobody has the address, though words with it were found', () => {
    expect(strangerIn('@anna_k', [], ALL)?.value).toBe('@anna_k')
    expect(strangerIn('@anna_k', hits({ message_id: '1' }), ALL)?.value).toBe('@anna_k')
  })

  it('is not offered when somebody is found by it', () => {
    expect(strangerIn('@anna_k', hits({ message_id: '1' }, null), ALL)).toBeNull()
  })

  it('is not offered where no channel in use understands the address', () => {
    const channels = [{ kind: 'telegram', state: 'working' }, { kind: 'email', state: 'disconnected' }] as Channel[]
    expect(strangerIn('anna@shop.example', [], reachedBy(channels, [BOT, EMAIL]))).toBeNull()
    expect(strangerIn('+79990001122', [], reachedBy(channels, [BOT, EMAIL]))?.kind).toBe('phone')
  })
})

describe('the row of the search', () => {
  it('opens the dialog with the address, and the arrows lead out of it', async () => {
    const page = shown({ text: '+79990001122' })
    const row = page.get('[data-test="start-with"]')
    expect(row.text()).toBe('Start a chat+7 999 000-11-22')
    page.vm.focus()
    expect(document.activeElement).toBe(row.element)
    await row.trigger('keydown', { key: 'ArrowDown' })
    expect(page.emitted('down')).toHaveLength(1)
    await row.trigger('click')
    expect((page.vm as unknown as { to: unknown }).to).toEqual({ kind: 'phone', value: '+79990001122', name: '' })
    page.unmount()
  })

  it('waits for the answer of the search', () => {
    expect(shown({ text: '+79990001122', loading: true }).find('[data-test="start-with"]').exists()).toBe(false)
    expect(shown({ text: '+79990001122', error: new Error() }).find('[data-test="start-with"]').exists()).toBe(false)
  })
})
