/** Clients known to this screen: a list by pages and a search, and the card of each. */

import { reactive, shallowReactive } from 'vue'
import type { Api } from '../api'
import type { ContactCard, ContactLine, Id, List } from '../types'

const PAGE = 30

export type ContactsStore = ReturnType<typeof createContacts>

export function createContacts(api: Pick<Api, 'get'>) {
  const cards = shallowReactive(new Map<Id, ContactCard>())
  const state = reactive({
    items: [] as ContactLine[],
    search: '',
    next: null as string | null,
    loading: false,
    loaded: false,
    error: null as unknown
  })
  let asked = 0

  /** The first page anew, or the one after those shown. */
  async function load(more = false): Promise<void> {
    if (more && (state.loading || !state.next)) return
    const mine = ++asked
    state.loading = true
    state.error = null
    try {
      const query = { search: state.search.trim(), limit: PAGE, cursor: more ? state.next : null }
      const answer = await api.get<List<ContactLine>>('/contacts', { query })
      if (mine !== asked) return
      state.items = more ? [...state.items, ...answer.items] : answer.items
      state.next = answer.next
      state.loaded = true
    } catch (error) {
      if (mine === asked) state.error = error
    } finally {
      if (mine === asked) state.loading = false
    }
  }

  async function find(text: string): Promise<void> {
    Object.assign(state, { search: text, items: [], next: null, loaded: false })
    await load()
  }

  async function fetchOne(id: Id): Promise<ContactCard> {
    const card = await api.get<ContactCard>(`/contacts/${id}`)
    cards.set(id, card)
    return card
  }

  return { state, cards, load, find, fetchOne }
}
