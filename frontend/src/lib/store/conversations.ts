/** Conversations known to this screen: lists in order, counters, filters, search, what may be done with each. */

import { computed, reactive, shallowReactive } from 'vue'
import type { Api, Query } from '../api'
import { createOrder } from './order'
import type { Conversation, ConversationStatus, Counters, Entity, Id, List, Message } from '../types'

export type Deed = 'accept' | 'close' | 'reopen'
/** A list of the workplace; colleagues' chats in work are one of their own. */
export type Tab = ConversationStatus | 'others'

export interface Page {
  next: string | null
  loading: boolean
  loaded: boolean
  error: unknown
  /** When something last happened in the last chat read: below it there may be holes. */
  until: number
}

export interface Filter { channel: Id | null; tag: Id | null; responsible: Id | null; waiting: boolean; mine: boolean }
export interface Hit { conversation: Conversation; found: { message_id: Id; text: string; at: string } | null }
export interface Group { id: Tab; hits: Hit[]; more: boolean }

export const STATUSES: ConversationStatus[] = ['new', 'active', 'closed']
export const TABS: Tab[] = ['new', 'active', 'closed', 'others']
const PAGE = 30
const MORE = 100
const RECOUNT_MS = 1_000
const TYPING_MS = 6_000
const NO_FILTER: Filter = { channel: null, tag: null, responsible: null, waiting: false, mine: false }

export type ConversationsStore = ReturnType<typeof createConversations>

interface Needs {
  api: Pick<Api, 'get' | 'post'>
  userId: Id
  /** A CRM tab shows the chats of its own entity only. */
  entity?: Entity | null
  /** Whether colleagues' chats may be seen. */
  seesOthers?: () => boolean
}

export function createConversations({ api, userId, entity = null, seesOthers = () => true }: Needs) {
  const known = shallowReactive(new Map<Id, Conversation>())
  const order = createOrder<Tab>(TABS, (conversation) => Date.parse(activity(conversation)) || 0)
  const pages = reactive<Record<Tab, Page>>({ new: emptyPage(), active: emptyPage(), closed: emptyPage(), others: emptyPage() })
  const state = reactive({
    filter: { ...NO_FILTER },
    counters: { new: 0, active: 0, active_unread: 0, others: 0, closed: 0 } as Counters,
    openId: null as Id | null,
    /** A message that the log goes to once the chat is open. */
    jumpTo: null as Id | null,
    search: { text: '', groups: [] as Group[], loading: false, error: null as unknown },
    typing: {} as Record<Id, ReturnType<typeof setTimeout>>
  })
  const heardAt = new Map<Id, number>()
  let ticks = 0
  let generation = 0
  let searches = 0
  let recount: ReturnType<typeof setTimeout> | undefined

  const open = computed(() => (state.openId ? known.get(state.openId) ?? null : null))
  const found = computed(() => state.search.groups.flatMap((group) => group.hits.flatMap((hit) => known.get(hit.conversation.id) ?? [])))
  const lists = Object.fromEntries(TABS.map((tab) => [tab, computed(() => withoutHoles(order.list(tab), pages[tab]))]))
  const filtered = computed(() => Object.entries(state.filter).some(([, value]) => Boolean(value)))

  function isMine(conversation: Conversation): boolean {
    return !conversation.responsible || conversation.responsible.id === userId
  }

  /** The list a chat stands in, or none: a colleague's chat is not everybody's business. */
  function tabOf(conversation: Conversation): Tab | null {
    const { status } = conversation
    if (entity) return status
    if (!fits(conversation)) return null
    if (status === 'active' && !isMine(conversation)) return seesOthers() ? 'others' : null
    if (status === 'closed' && !isMine(conversation) && !seesOthers()) return null
    return status
  }

  function fits({ channel, tags = [], responsible, waiting_since: waiting, status }: Conversation): boolean {
    const { filter } = state
    if (filter.channel && channel.id !== filter.channel) return false
    if (filter.tag && !tags.includes(filter.tag)) return false
    if (filter.responsible && status !== 'new' && responsible?.id !== filter.responsible) return false
    if (filter.mine && status === 'closed' && responsible?.id !== userId) return false
    return !filter.waiting || status === 'closed' || Boolean(waiting)
  }

  function list(tab: Tab): Conversation[] {
    return lists[tab]!.value
  }

  function keep(conversation: Conversation): void {
    known.set(conversation.id, conversation)
    order.put(conversation, tabOf(conversation))
  }

  function forget(id: Id): void {
    known.delete(id)
    order.drop(id)
  }

  /** Takes a conversation in if it is newer than the one we have; returns the one before. */
  function put(conversation: Conversation): Conversation | undefined {
    const before = known.get(conversation.id)
    if (before && before.version > conversation.version) return before
    keep(conversation)
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
    const [from, to] = [before && placeOf(before), placeOf(conversation)]
    if (from && from !== to) {
      state.counters[from] = Math.max(state.counters[from] - 1, 0)
      state.counters[to] += 1
    }
    if (from !== to || before?.unread !== conversation.unread) countSoon()
    return before
  }

  function placeOf(conversation: Conversation): Tab {
    return conversation.status === 'active' && !isMine(conversation) ? 'others' : conversation.status
  }

  /** What became of the last message shows in the list, too: the conversation itself is not told again. */
  function hearState({ conversation_id: id, id: messageId, state: now }: Message): void {
    const conversation = known.get(id)
    if (conversation?.last_message?.id !== messageId || conversation.last_message.state === now) return
    keep({ ...conversation, last_message: { ...conversation.last_message, state: now } })
  }

  async function load(tab: Tab, more = false): Promise<void> {
    const page = pages[tab]
    if (page.loading || (more && !page.next)) return
    const born = generation
    const tick = ticks
    page.loading = true
    page.error = null
    try {
      const answer = await api.get<List<Conversation>>('/conversations', {
        query: { ...scope(tab), limit: more ? MORE : PAGE, cursor: more ? page.next : null }
      })
      if (born !== generation) return
      answer.items.forEach(put)
      if (!more) prune(tab, answer, tick)
      page.next = answer.next
      page.until = timeOf(answer.items.at(-1))
      page.loaded = true
    } catch (error) {
      if (born === generation) page.error = error
    } finally {
      if (born === generation) page.loading = false
    }
  }

  /** Drops what the fresh first page shows to be elsewhere by now, unless the news said otherwise since. */
  function prune(tab: Tab, page: List<Conversation>, tick: number): void {
    const shown = new Set(page.items.map((conversation) => conversation.id))
    const oldest = page.next ? timeOf(page.items.at(-1)) : -1
    for (const conversation of [...order.list(tab)]) {
      if (shown.has(conversation.id) || conversation.id === state.openId) continue
      if ((heardAt.get(conversation.id) ?? 0) > tick) continue
      if (timeOf(conversation) > oldest) forget(conversation.id)
    }
  }

  function scope(tab: Tab): Query {
    const { filter } = state
    if (entity) return { status: tab, entity_type: entity.type, entity_id: entity.id }
    const closed = tab === 'closed'
    return {
      status: tab === 'others' ? 'active' : tab,
      scope: { new: null, active: 'desk', others: 'others', closed: null }[tab],
      mine: closed && filter.mine ? 1 : null,
      responsible: tab === 'new' ? null : filter.responsible,
      channel: filter.channel,
      tag: filter.tag,
      waiting: filter.waiting && !closed ? 1 : null
    }
  }

  function tabs(): Tab[] {
    return entity || !seesOthers() ? STATUSES : TABS
  }

  /** After a reset or a changed filter: everything shown is read again, the open chat stays. */
  async function reloadAll(): Promise<void> {
    generation += 1
    for (const tab of TABS) Object.assign(pages[tab], { ...emptyPage(), loaded: pages[tab].loaded })
    await Promise.all([...tabs().map((tab) => load(tab)), count()])
  }

  /** Other chats are shown: what is known stands in its place at once, the rest is read. */
  async function setFilter(change: Partial<Filter>): Promise<void> {
    Object.assign(state.filter, change)
    sortAnew()
    for (const tab of TABS) pages[tab].loaded = false
    await reloadAll()
  }

  function clearFilter(): Promise<void> {
    return setFilter(NO_FILTER)
  }

  /** What decides where chats stand has changed: a right, a filter. */
  function sortAnew(): void {
    for (const conversation of known.values()) order.put(conversation, tabOf(conversation))
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
    const words = text.trim()
    state.search = { text, groups: words ? state.search.groups : [], loading: Boolean(words), error: null }
    if (!words) return
    try {
      type Answer = { groups: Record<Tab, { items: Hit[]; more: boolean }> }
      const { groups } = await api.get<Answer>('/search', { query: { text: words } })
      if (mine !== searches) return
      for (const group of Object.values(groups)) group.items.forEach((hit) => put(hit.conversation))
      state.search.groups = TABS.map((id) => ({ id, hits: groups[id]?.items ?? [], more: groups[id]?.more ?? false }))
    } catch (error) {
      if (mine === searches) Object.assign(state.search, { error, groups: [] })
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
      keep({ ...conversation, unread: 0 })
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
    state, pages, known, open, found, filtered,
    list, tabs, tabOf, put, hear, hearState, load, reloadAll, setFilter, clearFilter, sortAnew, count, search, fetchOne, act,
    markRead, heardTyping, stoppedTyping
  }
}

function emptyPage(): Page {
  return { next: null, loading: false, loaded: false, error: null, until: 0 }
}

/** When something last happened in a conversation. */
export function activity(conversation: Conversation): string {
  return conversation.last_message?.at ?? conversation.closed_at ?? conversation.opened_at
}

function timeOf(conversation: Conversation | undefined): number {
  return conversation ? Date.parse(activity(conversation)) || 0 : 0
}

/** A chat that came from a link or a search stands far below what is read: the rows between would push it away. */
function withoutHoles(conversations: Conversation[], page: Page): Conversation[] {
  if (!page.next) return conversations.slice()
  let end = conversations.length
  while (end > 0 && timeOf(conversations[end - 1]) < page.until) end -= 1
  return conversations.slice(0, end)
}
