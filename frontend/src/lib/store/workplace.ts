/** How I stand in the workplace, and my colleagues: statuses, rights, pins, tags, transfers, who looks at what. */

import { computed, reactive } from 'vue'
import type { Api } from '../api'
import { t } from '../i18n'
import type { Conversation, Entity, Id } from '../types'
import type { Colleague, Group, Status, Switch, Tag, Transfer, WorkplaceFacts } from '../workplace'

export const PINS_MOST = 5
const NOTHING: Conversation['may'] = { accept: false, reply: false, close: false, reopen: false }
const LOOK_EVERY_MS = 25_000
const LOOK_LASTS_MS = 40_000
const TYPING_LASTS_MS = 6_000

export type WorkplaceStore = ReturnType<typeof createWorkplace>
export interface Looker { id: Id; name: string; deed: 'looking' | 'typing'; until: number }
export interface TransferWish { to?: Id | null; group?: string; comment: string; forced: boolean }

/** What the status does not allow, in the words of the original. */
const REFUSALS: Partial<Record<Switch, () => string>> = {
  accept: () => t('A chat cannot be taken in your current status.'),
  accept_transfer: () => t('A transferred chat cannot be taken in your current status.'),
  transfer: () => t('A chat cannot be transferred in your current status.'),
  write: () => t('Nothing can be written in your current status.'),
  close: () => t('A chat or a request cannot be finished in your current status.')
}

export function createWorkplace({ api, userId, entity = null }: { api: Pick<Api, 'get' | 'post' | 'put' | 'delete'>; userId: Id; entity?: Entity | null }) {
  const state = reactive({
    loaded: false,
    facts: {
      role: 'operator', rights: { others: false, force: false, tags: false }, confirm_accept: true,
      status: { id: 'available', since: null }, statuses: [], pins: [], tags: [], transfers: []
    } as WorkplaceFacts,
    people: [] as Colleague[],
    groups: [] as Group[],
    lookers: {} as Record<Id, Looker[]>
  })
  let looking: Id | null = null
  let timer: ReturnType<typeof setInterval> | undefined

  const status = computed<Status | null>(() => statusOf(state.facts.status.id))
  const rights = computed(() => state.facts.rights)
  const tags = computed(() => new Map(state.facts.tags.map((tag) => [tag.id, tag])))
  const offers = computed(() => state.facts.transfers.filter((one) => one.receivers.includes(userId) && one.from?.id !== userId))

  function statusOf(id: string): Status | null {
    const { statuses } = state.facts
    return statuses.find((one) => one.id === id) ?? statuses.find((one) => one.id === 'available') ?? null
  }

  /** Why my status does not let me do it; empty: it does. */
  function refusal(what: Switch): string {
    return status.value && !status.value[what] ? REFUSALS[what]?.() ?? '' : ''
  }

  /** A chat with what my status forbids taken out of what may be done with it. */
  function limited(conversation: Conversation): Conversation {
    if (isForeign(conversation)) return { ...conversation, silent: t('This chat is in a colleague\'s work.'), may: NOTHING }
    const silent = refusal('write') || (conversation.status === 'new' ? refusal('accept') : '')
    return silent && conversation.may.reply ? { ...conversation, silent, may: { ...conversation.may, reply: false } } : conversation
  }

  /** A colleague has it, and I have no right to see over them. In a card of CRM its chats are everybody's. */
  function isForeign({ status: now, responsible }: Conversation): boolean {
    return state.loaded && !entity && now === 'active' && Boolean(responsible) && responsible?.id !== userId && !rights.value.others
  }

  function offerOf(id: Id): Transfer | null {
    return state.facts.transfers.find((one) => one.conversation_id === id) ?? null
  }

  async function load(): Promise<void> {
    state.facts = await api.get<WorkplaceFacts>('/workplace')
    state.loaded = true
  }

  async function choose(id: string): Promise<void> {
    const before = state.facts.status
    state.facts.status = { id, since: new Date().toISOString() }
    try {
      Object.assign(state.facts, await api.put('/workplace/status', { status: id }))
    } catch (error) {
      state.facts.status = before
      throw error
    }
  }

  async function loadColleagues(): Promise<void> {
    const found = await api.get<{ people: Colleague[]; groups: Group[] }>('/colleagues')
    Object.assign(state, found)
  }

  async function pin(id: Id, on: boolean): Promise<void> {
    const path = `/conversations/${id}/favourite`
    const { ids } = on ? await api.put<{ ids: Id[] }>(path, {}) : await api.delete<{ ids: Id[] }>(path)
    state.facts.pins = ids
  }

  async function offer(id: Id, wish: TransferWish): Promise<Transfer> {
    return hearTransfer(await api.post<Transfer>(`/conversations/${id}/transfer`, wish))
  }

  async function accept(one: Transfer): Promise<Conversation> {
    const conversation = await api.post<Conversation>(`/transfers/${one.id}/accept`, {})
    forget(one.id)
    return conversation
  }

  async function end(one: Transfer, deed: 'decline' | 'cancel'): Promise<void> {
    hearTransfer(await api.post<Transfer>(`/transfers/${one.id}/${deed}`, {}))
  }

  async function mark(id: Id, chosen: Id[]): Promise<Conversation> {
    return api.put<Conversation>(`/conversations/${id}/tags`, { tags: chosen })
  }

  async function makeTag(name: string, colour: string): Promise<Tag> {
    const made = await api.post<Tag>('/tags', { name, colour })
    await loadTags()
    return made
  }

  async function loadTags(): Promise<void> {
    state.facts.tags = (await api.get<{ items: Tag[] }>('/tags')).items
  }

  /** Colleagues see where I am; said again while I stay there. */
  function lookAt(id: Id | null): void {
    if (id === looking) return
    if (looking) tell(looking, 'gone')
    looking = id
    clearInterval(timer)
    const say = () => { if (!document.hidden) tell(looking, 'looking') }
    say()
    timer = setInterval(say, LOOK_EVERY_MS)
  }

  function stopLooking(): void {
    clearInterval(timer)
  }

  function tell(id: Id | null, deed: string): void {
    api.post('/presence', { conversation_id: id, deed }).catch(() => undefined)
  }

  /** What colleagues do, from the live news; my own other screens are no colleagues. */
  function hearPresence(news: { conversation_id: Id; person: { id: Id; name: string }; deed: string }): void {
    if (news.person.id === userId) return
    const now = Date.now()
    const rest = (state.lookers[news.conversation_id] ?? []).filter((one) => one.id !== news.person.id && one.until > now)
    const lasts = news.deed === 'typing' ? TYPING_LASTS_MS : LOOK_LASTS_MS
    const here = news.deed === 'looking' || news.deed === 'typing'
    const one = here ? [{ ...news.person, deed: news.deed as Looker['deed'], until: now + lasts }] : []
    state.lookers[news.conversation_id] = [...rest, ...one]
  }

  function lookersOf(id: Id, now: number): Looker[] {
    return (state.lookers[id] ?? []).filter((one) => one.until > now).sort((one, other) => one.name.localeCompare(other.name))
  }

  function hearTransfer(news: Transfer): Transfer {
    forget(news.id)
    const mine = news.from?.id === userId || news.receivers.includes(userId)
    if (news.state === 'pending' && mine) state.facts.transfers.push(news)
    return news
  }

  /** A chat that went elsewhere takes its offer with it. */
  function hearConversation(conversation: Conversation): void {
    const known = offerOf(conversation.id)
    if (known && conversation.status !== 'active') forget(known.id)
  }

  function forget(id: Id): void {
    state.facts.transfers = state.facts.transfers.filter((one) => one.id !== id)
  }

  function hearStatus(news: { id: Id; status: string; since: string | null }): void {
    if (news.id === userId) state.facts.status = { id: news.status || 'available', since: news.since }
    const found = state.people.find((one) => one.id === news.id)
    if (!found) return
    const now = statusOf(news.status)
    Object.assign(found, { status: now?.id ?? found.status, here: true, takes_transfers: now?.accept_transfer ?? true })
  }

  function hearPins(news: { user_id: Id; ids: Id[] }): void {
    if (news.user_id === userId) state.facts.pins = news.ids
  }

  return {
    state, status, rights, tags, offers,
    statusOf, refusal, limited, offerOf, load, choose, loadColleagues, pin, offer, accept, end, mark, makeTag, loadTags,
    lookAt, stopLooking, lookersOf, hearPresence, hearTransfer, hearConversation, hearStatus, hearPins
  }
}
