import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import WhyPanel from '../../src/why/WhyPanel.vue'
import { Api } from '../../src/lib/api'
import { APP, type App } from '../../src/lib/app'
import { createConversations } from '../../src/lib/store/conversations'
import { createDirectory } from '../../src/lib/store/directory'
import { closeWhy, openWhy, openWhyOfChat } from '../../src/lib/why'
import { boot, server } from '../build'

const DECISION = {
  id: '71', at: '2026-11-21T10:00:00Z', state: 'done', kind: 'filtered', kind_title: 'Kept out', reasons: ['Row 1 of the filter keeps it out of CRM.'], targets: [],
  inquiry: { kind: 'request', id: '9', name: 'Anna', channel: { kind: 'webchat', name: 'Shop' }, phone: '', email: '' },
  settings: { kind: 'requests', version: 0, at: null, user: null }, parameters: [], steps: [], candidates: [], calls: [], requests: [], others: [],
  result: { create: [], targets: [], copies: [], responsible: null, lead_stage: null, pipeline: null, deal_stage: null, titles: {}, fields: {} }
}

function shown(answers: Parameters<typeof server>[0]) {
  const { fetch, calls } = server(answers)
  const api = new Api({ token: 't', expiresInSeconds: 3600, fetch, wait: async () => undefined })
  const app = { api, boot: boot(), channels: { state: { items: [] } }, conversations: createConversations({ api, userId: '2' }) } as unknown as App
  mount(WhyPanel, { props: { lists: createDirectory(api) }, global: { provide: { [APP as symbol]: app } }, attachTo: document.body })
  return { calls, panel: () => document.querySelector('[data-test="why-panel"]') as HTMLElement }
}

enableAutoUnmount(afterEach)
afterEach(closeWhy)

describe('the panel', () => {
  it('tells about the decision it was asked for', async () => {
    openWhy('71')
    const { panel, calls } = shown(({ path }) => (path === '/decisions/71' ? { body: DECISION } : { status: 404 }))
    await vi.waitFor(() => expect(panel().dataset.state).toBe('ready'))
    expect(panel().textContent).toContain('The inquiry was not let into CRM.')
    expect(panel().textContent).toContain('Row 1 of the filter keeps it out of CRM.')
    expect(calls.map((call) => call.path)).not.toContain('/settings/requests/versions/0')
  })

  it('says that nothing has been decided, which is no failure', async () => {
    openWhyOfChat('9')
    const { panel } = shown(() => ({ status: 404, body: { error: { code: 'undecided', message: 'Nothing yet.' } } }))
    await vi.waitFor(() => expect(panel().dataset.state).toBe('undecided'))
  })

  it('tries again after a failure', async () => {
    openWhy('71')
    let broken = true
    const { panel } = shown(({ path }) => (path !== '/decisions/71' ? { status: 404 } : broken ? { status: 500, body: { error: { code: 'broken', message: 'Broken.' } } } : { body: DECISION }))
    await vi.waitFor(() => expect(panel().dataset.state).toBe('failed'))
    broken = false
    panel().querySelector<HTMLButtonElement>('[data-test="failure"] button')!.click()
    await vi.waitFor(() => expect(panel().dataset.state).toBe('ready'))
  })
})
