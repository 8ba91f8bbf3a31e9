/** The journal of decisions: read by pages and filters; what is new waits until it is asked for. */

import { computed, shallowReactive } from 'vue'
import type { Api, Query } from '../api'
import type { Decision, DecisionCard } from '../decisions'
import type { RulesKind } from '../rules'
import type { List } from '../types'

export type JournalStore = ReturnType<typeof createJournal>
export type Period = 'all' | 'today' | 'week'
export type Result = 'primary' | 'repeat' | 'filtered' | 'failed'

/** made: by this very decision; without an id it is still to be made. */
export interface PlacedCard extends DecisionCard { made: boolean }

/** A decision in short. */
export interface Entry extends Pick<Decision, 'id' | 'at' | 'state' | 'inquiry' | 'kind' | 'kind_title' | 'reasons'> {
  moved: boolean
  error: string
  targets: PlacedCard[]
}

/** '' means any. */
export interface Filters { kind: RulesKind | ''; result: Result | ''; period: Period; search: string }

export const NO_FILTERS: Filters = { kind: '', result: '', period: 'all', search: '' }
const PAGE = 30
/** The server looks through a part of the journal at a time: a rare thing takes several looks. */
const LOOKS = 5
const LOOK_MS = 1_000
const WEEK_DAYS = 7

export function createJournal(api: Pick<Api, 'get'>) {
  const state = shallowReactive({
    filters: { ...NO_FILTERS },
    items: [] as Entry[],
    next: null as string | null,
    loading: false,
    loaded: false,
    error: null as unknown,
    /** The newest page as it is by now, while there is something on it that is not shown. */
    newest: null as List<Entry> | null
  })
  const fresh = computed(() => freshOf(state.newest?.items ?? []))
  /** Nothing of the newest page is shown: there may be more between. */
  const manyFresh = computed(() => Boolean(state.newest?.next) && fresh.value.length === state.newest?.items.length)
  const filtered = computed(() => Object.entries(NO_FILTERS).some(([name, none]) => state.filters[name as keyof Filters] !== none))
  let generation = 0
  let watching = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function freshOf(items: Entry[]): Entry[] {
    const top = Number(state.items[0]?.id ?? 0)
    return items.filter((entry) => Number(entry.id) > top)
  }

  function ask(cursor: string | null): Promise<List<Entry>> {
    const { kind, result, period, search } = state.filters
    const query: Query = { settings_kind: kind, result, since: sinceOf(period), search: search.trim(), limit: PAGE, cursor }
    return api.get<List<Entry>>('/decisions', { query })
  }

  async function read(cursor: string | null): Promise<List<Entry>> {
    const page: List<Entry> = { items: [], next: cursor }
    for (let look = 0; look < LOOKS; look += 1) {
      const { items, next } = await ask(page.next)
      page.items.push(...items)
      page.next = next
      if (!next || page.items.length >= PAGE) break
    }
    return page
  }

  /** From the newest on, or older ones after those shown. */
  async function load(older = false): Promise<void> {
    if (older && (state.loading || !state.next)) return
    const mine = ++generation
    Object.assign(state, { loading: true, error: null, ...(older ? {} : { items: [], next: null, loaded: false, newest: null }) })
    try {
      const { items, next } = await read(older ? state.next : null)
      if (mine === generation) Object.assign(state, { items: [...state.items, ...items], next, loaded: true })
    } catch (error) {
      if (mine === generation) state.error = error
    } finally {
      if (mine === generation) state.loading = false
    }
  }

  /** The next opening begins with these. */
  function preset(change: Partial<Filters>): void {
    generation += 1
    Object.assign(state, { filters: { ...NO_FILTERS, ...change }, items: [], next: null, loaded: false, loading: false, error: null, newest: null })
  }

  async function choose(change: Partial<Filters>): Promise<void> {
    state.filters = { ...state.filters, ...change }
    await load()
  }

  /** Nothing on the screen moves: what was shown may change, what is new waits. */
  async function look(): Promise<void> {
    if (!state.loaded || state.loading) return
    const mine = generation
    const page = await ask(null).catch(() => null)
    if (!page || mine !== generation) return
    const now = new Map(page.items.map((entry) => [entry.id, entry]))
    state.items = state.items.map((entry) => now.get(entry.id) ?? entry)
    state.newest = freshOf(page.items).length ? page : null
    if (!state.items.length) showFresh()
  }

  function showFresh(): void {
    if (!state.newest) return
    const { items, next } = state.newest
    generation += 1
    const whole = manyFresh.value || !state.items.length
    Object.assign(state, whole ? { items, next } : { items: [...fresh.value, ...state.items] }, { newest: null, loading: false })
  }

  /** News of a decision; several at once are one look. */
  function hear(): void {
    if (!watching) return
    timer ??= setTimeout(() => {
      timer = undefined
      void look()
    }, LOOK_MS)
  }

  /** While somebody looks at the journal it follows the news. */
  function open(): void {
    watching = true
    if (state.loaded) void look()
    else void load()
  }

  function close(): void {
    watching = false
  }

  return { state, fresh, manyFresh, filtered, load, preset, choose, look, showFresh, hear, open, close }
}

/** Days begin where the reader is. */
function sinceOf(period: Period): string | null {
  if (period === 'all') return null
  const day = new Date()
  day.setHours(0, 0, 0, 0)
  if (period === 'week') day.setDate(day.getDate() - WEEK_DAYS + 1)
  return day.toISOString()
}
