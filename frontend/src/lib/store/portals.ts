/** Portals of the account, their switches, and who may configure them besides administrators. */

import { computed, reactive } from 'vue'
import type { Api } from '../api'
import type { Id, List, Person } from '../types'

export type PortalsStore = ReturnType<typeof createPortals>
export type Part = 'chats' | 'requests' | 'open_lines'

export interface PortalCard {
  id: Id
  name: string
  domain: string
  kind: 'cloud' | 'box'
  status: string
  integration_active: boolean
  parts: Record<Part, boolean>
  current: boolean
  may_open: boolean
  /** Added by hand; the application is not installed there yet. */
  waiting: boolean
}

export interface PortalChange { name?: string; integration_active?: boolean; parts?: Partial<Record<Part, boolean>> }

export function createPortals(api: Pick<Api, 'get' | 'post' | 'put' | 'delete'>) {
  const state = reactive({
    items: [] as PortalCard[],
    configurers: null as Person[] | null,
    loaded: false,
    busy: [] as Id[],
    error: null as unknown
  })
  const current = computed(() => state.items.find((portal) => portal.current) ?? null)

  async function load(): Promise<void> {
    state.error = null
    try {
      state.items = (await api.get<List<PortalCard>>('/portals')).items
      state.loaded = true
    } catch (error) {
      state.error = error
    }
  }

  async function add(name: string, domain: string): Promise<PortalCard> {
    const added = await api.post<PortalCard>('/portals', { name, domain })
    await load()
    return added
  }

  /** On the screen at once; a refusal puts it back. */
  async function change(id: Id, what: PortalChange): Promise<PortalCard> {
    const at = state.items.findIndex((portal) => portal.id === id)
    const before = state.items[at]!
    state.items[at] = changedCard(before, what)
    state.busy.push(id)
    try {
      const answer = await api.put<PortalCard>(`/portals/${id}`, what)
      return (state.items[at] = answer)
    } catch (error) {
      state.items[at] = before
      throw error
    } finally {
      state.busy = state.busy.filter((one) => one !== id)
    }
  }

  async function remove(id: Id): Promise<void> {
    await api.delete(`/portals/${id}`)
    await load()
  }

  async function addressOf(id: Id): Promise<string> {
    return (await api.post<{ url: string }>(`/portals/${id}/open`, {})).url
  }

  async function loadConfigurers(): Promise<void> {
    state.configurers = (await api.get<{ items: Person[] }>('/configurers')).items
  }

  async function nameConfigurers(ids: Id[]): Promise<void> {
    state.configurers = (await api.put<{ items: Person[] }>('/configurers', { user_ids: ids })).items
  }

  return { state, current, load, add, change, remove, addressOf, loadConfigurers, nameConfigurers }
}

/** Open Lines do not work without the integration itself. */
function changedCard(portal: PortalCard, what: PortalChange): PortalCard {
  const parts = { ...portal.parts, ...what.parts }
  const active = what.parts?.open_lines ? true : what.integration_active ?? portal.integration_active
  return { ...portal, ...(what.name === undefined ? {} : { name: what.name }), integration_active: active, parts }
}

const DOMAIN = /^[a-zа-яё0-9-]+(\.[a-zа-яё0-9-]+)+(:\d+)?$/i

/** `https://Shop.bitrix24.ru/crm/` → `https://shop.bitrix24.ru`; null if it is no address of a portal. */
export function portalAddress(typed: string): string | null {
  const host = typed.trim().replace(/^https?:\/\//i, '').replace(/[/?#].*$/, '').toLowerCase()
  return DOMAIN.test(host) ? `https://${host}` : null
}
