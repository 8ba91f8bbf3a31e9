/** The rules of one kind being edited: the draft here and on the server, steps back, refusals, publishing. */

import { computed, shallowReactive } from 'vue'
import { ApiError, type Api } from '../api'
import { merge, same } from '../documents'
import { createHistory } from '../history'
import type { Change, Draft, DryRunReport, Published, RulesDocument, RulesKind, Version } from '../rules'
import type { List } from '../types'

export type RulesStore = ReturnType<typeof createRules>
export type Saving = 'none' | 'waiting' | 'saved' | 'failed'

/** Somebody published meanwhile: theirs, and both together if that is possible. */
export interface Clash { theirs: Published; merged: RulesDocument; conflicts: string[] }

const SAVE_MS = 700
const CHECK_MS = 600
const RETRY_MS = 5_000
const LONG = { timeoutMs: 180_000 }

/** Who may only look sees what is in force, not what somebody is drafting: `drafts` false. */
export function createRules(api: Pick<Api, 'get' | 'post' | 'put' | 'delete'>, kind: RulesKind, drafts = true) {
  const path = `/settings/${kind}`
  const history = createHistory<RulesDocument>()
  // Documents are replaced, never changed inside.
  const state = shallowReactive({
    published: null as Published | null,
    document: null as RulesDocument | null,
    draft: null as Omit<Draft<RulesDocument>, 'document'> | null,
    saving: 'none' as Saving,
    errors: {} as Record<string, string>,
    checked: true,
    error: null as unknown,
    clash: null as Clash | null
  })
  const changed = computed(() => Boolean(state.published && state.document && !same(state.document, state.published.document)))
  const unsaved = computed(() => state.saving === 'waiting' || state.saving === 'failed')
  let saveTimer: ReturnType<typeof setTimeout> | undefined
  let checkTimer: ReturnType<typeof setTimeout> | undefined
  let loading: Promise<void> | null = null
  let running: Promise<void> | null = null
  let edition = 0

  /** Asked for from several places: a second answer would wipe out what is typed after the first. */
  function load(): Promise<void> {
    loading ??= loadNow().finally(() => { loading = null })
    return loading
  }

  async function loadNow(): Promise<void> {
    state.error = null
    try {
      take(await api.get<Published>(path))
    } catch (error) {
      state.error = error
    }
  }

  /** What the server says is now the base; its draft, if any, is what is shown. */
  function take(published: Published): void {
    const draft = drafts ? published.draft : null
    Object.assign(state, {
      published,
      document: draft?.document ?? published.document,
      draft: draft && { user: draft.user, at: draft.at },
      saving: 'none',
      errors: {},
      clash: null
    })
    if (draft) checkSoon()
  }

  function edit(document: RulesDocument): void {
    if (!state.document || same(document, state.document)) return
    history.record(state.document, document)
    put(document)
  }

  function undo(): void {
    const document = state.document && history.undo(state.document)
    if (document) put(document)
  }

  function redo(): void {
    const document = state.document && history.redo(state.document)
    if (document) put(document)
  }

  /** Back to what is published; one step back brings the draft again. */
  function discard(): void {
    if (state.published) edit(state.published.document)
  }

  function put(document: RulesDocument): void {
    state.document = document
    edition += 1
    state.saving = 'waiting'
    clearTimeout(saveTimer)
    saveTimer = setTimeout(() => void flush(), SAVE_MS)
    checkSoon()
  }

  /** Keeps the draft on the server now; true if nothing is left unsaved. One call at a time, the newest wins. */
  async function flush(): Promise<boolean> {
    clearTimeout(saveTimer)
    while (unsaved.value) {
      const mine = edition
      running ??= keep(mine).finally(() => { running = null })
      await running
      if (mine === edition && isFailed()) return false
    }
    return true
  }

  function isFailed(): boolean {
    return state.saving === 'failed'
  }

  async function keep(mine: number): Promise<void> {
    const [document, wanted] = [state.document, changed.value]
    let saving: Saving = 'saved'
    try {
      const draft = wanted ? (await api.put<{ draft: Draft<RulesDocument> }>(`${path}/draft`, { document })).draft : await dropDraft()
      state.draft = draft && { user: draft.user, at: draft.at }
    } catch {
      saving = 'failed'
      saveTimer = setTimeout(() => void flush(), RETRY_MS)
    }
    if (mine === edition) state.saving = saving
  }

  async function dropDraft(): Promise<null> {
    if (state.draft) await api.delete(`${path}/draft`)
    return null
  }

  function checkSoon(): void {
    state.checked = false
    clearTimeout(checkTimer)
    checkTimer = setTimeout(() => void check(), CHECK_MS)
  }

  /** Asks for refusals; an answer about an older document says nothing. */
  async function check(): Promise<void> {
    clearTimeout(checkTimer)
    const document = state.document
    try {
      const { fields } = await api.post<{ fields: Record<string, string> }>(`${path}/check`, { document })
      if (document === state.document) Object.assign(state, { errors: fields, checked: true })
    } catch (error) {
      if (document === state.document && error instanceof ApiError && error.status === 400) state.errors = error.fields
    }
  }

  /** Publishes what is on the screen; `over` another person's version on purpose. */
  async function publish(note: string, over = false): Promise<void> {
    await stop()
    const version = over && state.clash ? state.clash.theirs.version : state.published?.version
    try {
      settle(await api.put<Published>(path, { document: state.document, version, note }))
    } catch (error) {
      if (error instanceof ApiError && Object.keys(error.fields).length) state.errors = relative(error.fields)
      if (!isStale(error)) throw error
      await meet(await api.get<Published>(path))
      throw error
    }
  }

  async function rollback(version: number): Promise<void> {
    await stop()
    const published = await api.post<Published>(`${path}/rollback`, { version })
    const { draft } = published
    settle(published)
    // The draft was made from rules that are no longer in force; one step back brings it again.
    if (draft) await api.delete(`${path}/draft`)
  }

  /** A new version is in force; what was on the screen stays one step back. */
  function settle(published: Published): void {
    clearTimeout(saveTimer)
    clearTimeout(checkTimer)
    edition += 1
    if (state.document && !same(state.document, published.document)) history.record(state.document, published.document)
    take({ ...published, draft: null })
  }

  async function stop(): Promise<void> {
    clearTimeout(saveTimer)
    await running
    clearTimeout(saveTimer)
  }

  async function meet(theirs: Published): Promise<void> {
    const { published, document } = state
    if (!published || !document) return
    const { document: merged, conflicts } = merge(published.document, document, theirs.document)
    state.clash = { theirs, merged, conflicts }
    // Publishing took the draft of the portal away, ours with it.
    state.saving = 'waiting'
    saveTimer = setTimeout(() => void flush(), SAVE_MS)
  }

  /** Another person's version becomes the base; what is on the screen is theirs. */
  function takeTheirs(): void {
    if (!state.clash) return
    const { theirs } = state.clash
    rebase(theirs, theirs.document)
  }

  /** Their changes and mine together, to be looked at and published. */
  function takeBoth(): void {
    if (state.clash) rebase(state.clash.theirs, state.clash.merged)
  }

  function rebase(published: Published, document: RulesDocument): void {
    const before = state.document
    Object.assign(state, { published: { ...published, draft: null }, clash: null })
    if (!before || same(before, document)) return
    history.record(before, document)
    put(document)
  }

  /** Heard that something was published elsewhere: joined quietly where it can be, else told when publishing. */
  async function refresh(): Promise<void> {
    if (!state.published || !state.document) return
    const fresh = await api.get<Published>(path)
    if (fresh.version === state.published.version) {
      state.published = { ...state.published, lines_active: fresh.lines_active, leads_exist: fresh.leads_exist }
      return
    }
    if (!changed.value) return settle(fresh)
    const { document, conflicts } = merge(state.published.document, state.document, fresh.document)
    if (conflicts.length === 0) rebase(fresh, document)
    else await meet(fresh)
  }

  /** The draft of the portal goes with what a colleague publishes or discards: ours is kept anew. */
  async function compare(from: number, to: number | 'draft'): Promise<Change[]> {
    try {
      return await difference(from, to)
    } catch (error) {
      if (to !== 'draft' || !(error instanceof ApiError) || error.status !== 404) throw error
      await refresh()
      state.saving = 'waiting'
      await flush()
      return difference(from, to)
    }
  }

  async function difference(from: number, to: number | 'draft'): Promise<Change[]> {
    return (await api.get<{ items: Change[] }>(`${path}/compare`, { query: { from, to } })).items
  }

  return {
    kind, state, changed, unsaved, history,
    load, edit, undo, redo, discard, flush, check, publish, rollback, takeTheirs, takeBoth, refresh,
    versions: (cursor: string | null = null) => api.get<List<Version>>(`${path}/versions`, { query: { cursor } }),
    compare,
    dryRun: (limit: number, signal: AbortSignal) => api.post<DryRunReport>(`${path}/dry_run`, { document: state.document, limit }, { ...LONG, signal })
  }
}

function isStale(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 409 || error.code === 'stale')
}

/** A refusal of the whole body may name its fields from the body on. */
function relative(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([path, text]) => [path.replace(/^document\./, ''), text]))
}
