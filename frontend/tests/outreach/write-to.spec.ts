import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import b24ui from '@bitrix24/b24ui-nuxt/vue-plugin'
import WriteTo from '../../src/outreach/WriteTo.vue'
import { APP, createPage } from '../../src/lib/app'
import type { Ability } from '../../src/lib/store/abilities'
import type { Channel } from '../../src/lib/types'
import { boot } from '../build'

const EMAIL = { kind: 'email', title: 'E-mail', reached_by: ['email'], found_by: ['email'] } as unknown as Ability
const BOT = { kind: 'telegram', title: 'Telegram', reached_by: ['phone'], found_by: [] } as unknown as Ability

function shown(kinds: string[], phone = '+79031112233', email = 'anna@shop.example') {
  const app = createPage(boot())
  app.abilities.load = () => Promise.resolve()
  app.abilities.state.items = [EMAIL, BOT]
  Object.assign(app.channels.state, { loaded: true, items: kinds.map((kind, at) => ({ id: String(at), kind, name: kind, state: 'working' }) as unknown as Channel) })
  return mount(WriteTo, { props: { phone, email, name: 'Anna' }, global: { plugins: [b24ui], provide: { [APP as symbol]: app } } }).find('[data-test="write-to"]')
}

describe('writing to somebody known', () => {
  it('is offered while a channel can write to an address of theirs', () => {
    expect(shown(['email', 'telegram']).text()).toBe('Answer by e-mail')
  })

  it('is not offered where no channel could', () => {
    expect(shown(['telegram']).exists()).toBe(false)
    expect(shown(['email'], '+79031112233', '').exists()).toBe(false)
  })
})
