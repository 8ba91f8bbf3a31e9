/** Conversations known to this screen: lists by status, counters, search, what may be done with each. */

import { computed, reactive, shallowReactive } from 'vue'
import type { Api, Query } from '../api'
import type { Conversation, ConversationStatus, Counters, Entity, Id, List, Message } from '../types'

export type Deed = 'accept' | 'close' | 'reopen'

export interface Page {
  next: string | null
  loading: boolean
  loaded: boolean
  error: unknown
}

export const STATUSES: ConversationStatus[] = ['new', 'active', 'closed']
const PAGE = 30
const RECOUNT_MS = 1_000
const TYPING_MS = 6_000

export type ConversationsStore = ReturnType<typeof createConversations>

interface Needs {
  api: Pick<Api, 'get' | 'post'>
  userId: Id
  /** A CRM tab shows the chats of its own entity only. */
  entity?: Entity | null
}

export function createConversations({ api, userId, entity = null }: Needs) {
  const known = shallowReactive(new Map<Id, Conversation>())
  const pages = reactive<Record<ConversationStatus, Page>>({
    new: emptyPage(), active: emptyPage(), closed: emptyPage()
  })
  const state = reactive({
    mine: false,
    counters: { new: 0, active: 0, active_unread: 0, closed: 0 } as Counters,
    openId: null as Id | null,
    search: { text: '', ids: [] as Id[], loading: false, error: null as unknown },
    typing: {} as Record<Id, ReturnType<typeof setTimeout>>
  })
  const heardAt = new Map<Id, number>()
  let ticks = 0
  let generation = 0
  let searches = 0
  let recount: ReturnType<typeof setTimeout> | undefined

  const open = computed(() => (state.openId ? known.get(state.openId) ?? null : null))
  const byStatus = computed(() => sorted([...known.values()].filter(isShown)))
  const found = computed(() => state.search.ids.flatMap((id) => known.get(id) ?? []))

  function isShown(conversation: Conversation): boolean {
    return !state.mine || conversation.status === 'new' || conversation.responsible?.id === userId
  }

  function list(status: ConversationStatus): Conversation[] {
    return byStatus.value[status]
  }

  /** Takes a conversation in if it is newer than the one we have; returns the one before. */
  function put(conversation: Conversation): Conversation | undefined {
    const before = known.get(conversation.id)
    if (before && before.version > conversation.version) return before
    known.set(conversation.id, conversation)
    return before
  }

  /** A conversation of the live news: the counters move with it. */
  function hear(conversation: Conversation): Conversation | undefined {
    const before = known.get(conversation.id)
    if (before && before.version >= conversation.version) return before
    // A CRM tab cannot tell from the news whether a stranger belongs to its entity: it asks.
    if (entity && !before) {
      void reloadAll().catch(() => undefined)
      return undefined
    }
    heardAt.set(conversation.id, ++ticks)
    put(conversation)
    if (before && before.status !== conversation.status) {
      state.counters[before.status] = Math.max(state.counters[before.status] - 1, 0)
      state.counters[conversation.status] += 1
    }
    if (before?.status !== conversation.status || before.unread !== conversation.unread) countSoon()
    return before
  }

  /** What became of the last message shows in the list, too: the conversation itself is not told again. */
  function hearState({ conversation_id: id, id: messageId, state: now }: Message): void {
    const conversation = known.get(id)
    if (conversation?.last_message?.id !== messageId || conversation.last_message.state === now) return
    known.set(id, { ...conversation, last_message: { ...conversation.last_message, state: now } })
  }

  async function load(status: ConversationStatus, more = false): Promise<void> {
    const page = pages[status]
    if (page.loading || (more && !page.next)) return
    const born = generation
    const tick = ticks
    page.loading = true
    page.error = null
    try {
      const answer = await api.get<List<Conversation>>('/conversations', {
        query: { ...scope(status), status, limit: PAGE, cursor: more ? page.next : null }
      })
      if (born !== generation) return
      answer.items.forEach(put)
      if (!more) prune(status, answer, tick)
      page.next = answer.next
      page.loaded = true
    } catch (error) {
      if (born === generation) page.error = error
    } finally {
      if (born === generation) page.loading = false
    }
  }

  /** Drops what the fresh first page shows to be elsewhere by now, unless the news said otherwise since. */
  function prune(status: ConversationStatus, page: List<Conversation>, tick: number): void {
    const shown = new Set(page.items.map((conversation) => conversation.id))
    const last = page.items.at(-1)
    const oldest = page.next && last ? activity(last) : ''
    for (const conversation of known.values()) {
      if (conversation.status !== status || shown.has(conversation.id)) continue
      if (conversation.id === state.openId || (heardAt.get(conversation.id) ?? 0) > tick) continue
      if (isShown(conversation) && activity(conversation) > oldest) known.delete(conversation.id)
    }
  }

  function scope(status: ConversationStatus): Query {
    return {
      mine: state.mine && status !== 'new' ? 1 : null,
      entity_type: entity?.type ?? null,
      entity_id: entity?.id ?? null
    }
  }

  /** After a reset or a changed filter: everything shown is read again, the open chat stays. */
  async function reloadAll(): Promise<void> {
    generation += 1
    for (const status of STATUSES) Object.assign(pages[status], { ...emptyPage(), loaded: pages[status].loaded })
    await Promise.all([...STATUSES.map((status) => load(status)), count()])
  }

  async function setMine(mine: boolean): Promise<void> {
    state.mine = mine
    await reloadAll()
  }

  async function count(): Promise<void> {
    if (entity) return
    state.counters = await api.get<Counters>('/conversations/counters')
  }

  function countSoon(): void {
    if (entity) return
    recount ??= setTimeout(() => {
      recount = undefined
      count().catch(() => undefined)
    }, RECOUNT_MS)
  }

  async function search(text: string): Promise<void> {
    const mine = ++searches
    state.search = { text, ids: [], loading: Boolean(text.trim()), error: null }
    if (!text.trim()) return
    try {
      const answer = await api.get<List<Conversation>>('/conversations', { query: { search: text.trim(), limit: 50 } })
      if (mine !== searches) return
      answer.items.forEach(put)
      state.search.ids = answer.items.map((conversation) => conversation.id)
    } catch (error) {
      if (mine === searches) state.search.error = error
    } finally {
      if (mine === searches) state.search.loading = false
    }
  }

  async function fetchOne(id: Id): Promise<Conversation> {
    const conversation = await api.get<Conversation>(`/conversations/${id}`)
    put(conversation)
    return conversation
  }

  async function act(id: Id, deed: Deed): Promise<Conversation> {
    const conversation = await api.post<Conversation>(`/conversations/${id}/${deed}`, {})
    hear(conversation)
    return conversation
  }

  /** Marks as read here at once; the server follows. */
  async function markRead(id: Id, messageId: Id): Promise<void> {
    const conversation = known.get(id)
    if (conversation?.unread) {
      known.set(id, { ...conversation, unread: 0 })
      countSoon()
    }
    await api.post(`/conversations/${id}/read`, { message_id: messageId })
  }

  function heardTyping(id: Id): void {
    stoppedTyping(id)
    state.typing[id] = setTimeout(() => stoppedTyping(id), TYPING_MS)
  }

  function stoppedTyping(id: Id): void {
    clearTimeout(state.typing[id])
    delete state.typing[id]
  }

  return {
    state, pages, known, open, found,
    list, put, hear, hearState, load, reloadAll, setMine, count, search, fetchOne, act, markRead, heardTyping, stoppedTyping
  }
}

function emptyPage(): Page {
  return { next: null, loading: false, loaded: false, error: null }
}

/** When something last happened in a conversation. */
export function activity(conversation: Conversation): string {
  return conversation.last_message?.at ?? conversation.closed_at ?? conversation.opened_at
}

function sorted(conversations: Conversation[]): Record<ConversationStatus, Conversation[]> {
  const lists: Record<ConversationStatus, Conversation[]> = { new: [], active: [], closed: [] }
  const timed = conversations.map((conversation) => ({ conversation, at: Date.parse(activity(conversation)) || 0 }))
  timed.sort((one, other) => other.at - one.at)
  for (const { conversation } of timed) lists[conversation.status].push(conversation)
  return lists
}
