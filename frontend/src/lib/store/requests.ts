/** Offline requests known to this screen: pages by status, counters, filters, what is done with each. */

import { reactive, shallowReactive } from 'vue'
import type { Api } from '../api'
import type { Id, List, OfflineRequest, RequestStatus } from '../types'

export type RequestDeed = 'take' | 'finish' | 'reopen'
export interface RequestFilters { mine: boolean; kind: string; search: string }

export const REQUEST_STATUSES: RequestStatus[] = ['new', 'active', 'done']
const PAGE = 30
const RECOUNT_MS = 1_000

export type RequestsStore = ReturnType<typeof createRequests>

export function createRequests(api: Pick<Api, 'get' | 'post' | 'put'>, userId: Id) {
  const known = shallowReactive(new Map<Id, OfflineRequest>())
  const state = reactive({
    counters: { new: 0, active: 0, done: 0 } as Record<RequestStatus, number>,
    filters: { mine: false, kind: '', search: '' } as RequestFilters,
    pages: { new: emptyPage(), active: emptyPage(), done: emptyPage() }
  })
  const heardAt = new Map<Id, number>()
  /** The newest of all: what is newer has just come. Null until the server has told. */
  let newest: number | null = null
  let ticks = 0
  let generation = 0
  let recount: ReturnType<typeof setTimeout> | undefined

  function list(status: RequestStatus): OfflineRequest[] {
    return state.pages[status].ids.flatMap((id) => known.get(id) ?? [])
  }

  /** Counts, and remembers which request is the newest. */
  async function start(): Promise<void> {
    const [top] = await Promise.all([api.get<List<OfflineRequest>>('/requests', { query: { limit: 1 } }), count()])
    newest = Math.max(newest ?? 0, Number(top.items[0]?.id ?? 0))
  }

  async function count(): Promise<void> {
    state.counters = await api.get<Record<RequestStatus, number>>('/requests/counters')
  }

  function countSoon(): void {
    recount ??= setTimeout(() => {
      recount = undefined
      count().catch(() => undefined)
    }, RECOUNT_MS)
  }

  async function load(status: RequestStatus, more = false): Promise<void> {
    const page = state.pages[status]
    if (page.loading || (more && !page.next)) return
    const [born, tick] = [generation, ticks]
    page.loading = true
    page.error = null
    try {
      const { mine, kind, search } = state.filters
      const query = { status, mine: mine ? 1 : null, kind, search: search.trim(), limit: PAGE, cursor: more ? page.next : null }
      const answer = await api.get<List<OfflineRequest>>('/requests', { query })
      if (born !== generation) return
      if (!more) page.ids = page.ids.filter((id) => (heardAt.get(id) ?? 0) > tick)
      for (const request of answer.items) take(request, status, tick)
      page.next = answer.next
      page.loaded = true
    } catch (error) {
      if (born === generation) page.error = error
    } finally {
      if (born === generation) page.loading = false
    }
  }

  /** A row of a page; what the news said since it was asked for is newer. */
  function take(request: OfflineRequest, status: RequestStatus, tick: number): void {
    if ((heardAt.get(request.id) ?? 0) > tick) return
    known.set(request.id, request)
    insert(status, request)
  }

  /** A request of the live news; true if it has just come in. */
  function hear(request: OfflineRequest): boolean {
    const before = known.get(request.id)
    heardAt.set(request.id, ++ticks)
    known.set(request.id, request)
    for (const status of REQUEST_STATUSES) if (status !== request.status) drop(status, request.id)
    if (fits(request)) insert(request.status, request)
    if (before?.status !== request.status) countSoon()
    const isNew = newest !== null && Number(request.id) > newest
    if (isNew) newest = Number(request.id)
    return isNew && request.status === 'new'
  }

  function fits(request: OfflineRequest): boolean {
    const { mine, kind, search } = state.filters
    if (!state.pages[request.status].loaded || search.trim()) return false
    if (kind && request.kind !== kind) return false
    return !mine || request.status === 'new' || request.responsible?.id === userId
  }

  function insert(status: RequestStatus, request: OfflineRequest): void {
    const page = state.pages[status]
    if (page.ids.includes(request.id)) return
    const at = page.ids.findIndex((id) => isBefore(request, known.get(id)))
    if (at >= 0) page.ids.splice(at, 0, request.id)
    else page.ids.push(request.id)
  }

  function drop(status: RequestStatus, id: Id): void {
    const page = state.pages[status]
    if (page.ids.includes(id)) page.ids = page.ids.filter((one) => one !== id)
  }

  /** After a reset or a changed filter everything shown is read again. */
  async function reload(): Promise<void> {
    generation += 1
    for (const status of REQUEST_STATUSES) state.pages[status] = emptyPage()
    await Promise.all([...REQUEST_STATUSES.map((status) => load(status)), start().catch(() => undefined)])
  }

  async function choose(filters: Partial<RequestFilters>): Promise<void> {
    Object.assign(state.filters, filters)
    await reload()
  }

  async function fetchOne(id: Id): Promise<OfflineRequest> {
    const request = await api.get<OfflineRequest>(`/requests/${id}`)
    known.set(id, request)
    return request
  }

  async function act(id: Id, deed: RequestDeed): Promise<OfflineRequest> {
    const request = await api.post<OfflineRequest>(`/requests/${id}/${deed}`)
    hear(request)
    return request
  }

  async function note(id: Id, text: string): Promise<void> {
    hear(await api.put<OfflineRequest>(`/requests/${id}/note`, { text }))
  }

  return { state, known, list, start, count, load, hear, reload, choose, fetchOne, act, note }
}

function emptyPage() {
  return { ids: [] as Id[], next: null as string | null, loading: false, loaded: false, error: null as unknown }
}

/** Newest first. */
function isBefore(one: OfflineRequest, other: OfflineRequest | undefined): boolean {
  if (!other) return false
  const apart = Date.parse(one.created_at) - Date.parse(other.created_at)
  return apart ? apart > 0 : Number(one.id) > Number(other.id)
}
