/** Messages of each opened conversation: pages, live changes, and the queue of what we send. */

import { reactive, shallowReactive } from 'vue'
import { ApiError, type Api } from '../api'
import { pauseAfter } from '../backoff'
import { t } from '../i18n'
import { explain } from '../explain'
import { newUuid } from '../uuid'
import type { FilledTemplate } from './message-templates'
import type { Attachment, Id, List, Message, Person, Quote } from '../types'

export interface Log {
  items: Message[]
  next: string | null
  loaded: boolean
  loading: boolean
  loadingOlder: boolean
  error: unknown
}

export interface Draft { text: string; attachments: Attachment[]; quote: Quote | null; template?: FilledTemplate }

export type MessagesStore = ReturnType<typeof createMessages>

interface Needs {
  api: Pick<Api, 'get' | 'post'>
  me: Person
  wait?: (ms: number) => Promise<void>
}

const PAGE = 50
const KEPT_LOGS = 20
/** About a minute without a network; a restored connection ends the waiting at once. */
const SEND_TRIES = 8
const LOCAL = 'local:'

export function createMessages({ api, me, wait = sleep }: Needs) {
  const logs = shallowReactive(new Map<Id, Log>())
  /** Of templates on their way: a failed one is sent again as what it was. */
  const templates = new Map<string, FilledTemplate>()
  const queues = new Map<Id, Promise<void>>()
  const sleepers = new Set<() => void>()

  function log(id: Id): Log {
    const known = logs.get(id)
    if (known) {
      logs.delete(id)
      logs.set(id, known)
      return known
    }
    const fresh = reactive<Log>({ items: [], next: null, loaded: false, loading: false, loadingOlder: false, error: null })
    logs.set(id, fresh)
    forgetOldest()
    return fresh
  }

  function forgetOldest(): void {
    for (const id of logs.keys()) {
      if (logs.size <= KEPT_LOGS) return
      if (!queues.has(id)) logs.delete(id)
    }
  }

  /** The newest page; what is already here stays and is brought up to date. */
  async function load(id: Id): Promise<void> {
    const shown = log(id)
    if (shown.loading) return
    shown.loading = true
    shown.error = null
    try {
      const page = await api.get<List<Message>>(`/conversations/${id}/messages`, { query: { limit: PAGE } })
      adopt(shown, page)
    } catch (error) {
      shown.error = error
    } finally {
      shown.loading = false
    }
  }

  /** Joins the newest page to what is shown; if they do not touch, the old pages are dropped. */
  function adopt(shown: Log, page: List<Message>): void {
    const ids = new Set(shown.items.map((message) => message.id))
    const touches = !shown.loaded || page.items.some((message) => ids.has(message.id))
    if (!touches) shown.items = shown.items.filter(isLocal)
    if (!shown.loaded || !touches) shown.next = page.next
    for (const message of page.items) merge(shown, message)
    shown.loaded = true
  }

  async function loadOlder(id: Id): Promise<void> {
    const shown = log(id)
    if (!shown.next || shown.loadingOlder) return
    shown.loadingOlder = true
    try {
      const page = await api.get<List<Message>>(`/conversations/${id}/messages`, {
        query: { limit: PAGE, before: shown.next }
      })
      for (const message of page.items) merge(shown, message)
      shown.next = page.next
    } finally {
      shown.loadingOlder = false
    }
  }

  /** A message of the live news; only opened conversations keep it. Says whether it was not known. */
  function hear(message: Message): boolean {
    const shown = logs.get(message.conversation_id)
    if (!shown?.loaded) return true
    return merge(shown, message)
  }

  /** After a reset every kept log may have holes: the closed ones are read anew when opened. */
  function forgetExcept(id: Id | null): void {
    for (const known of [...logs.keys()]) {
      if (known !== id && !queues.has(known)) logs.delete(known)
    }
  }

  /** Shows the message at once and sends it after those before it; returns its uuid. */
  function send(id: Id, draft: Draft): string {
    const uuid = newUuid()
    if (draft.template) templates.set(uuid, draft.template)
    place(log(id), localMessage(id, uuid, draft))
    enqueue(id, uuid, draft)
    return uuid
  }

  async function retry(message: Message): Promise<void> {
    const { conversation_id: id, client_uuid: uuid } = message
    if (isLocal(message) && uuid) {
      change(id, uuid, { state: 'queued', error: null })
      const template = templates.get(uuid)
      enqueue(id, uuid, { text: message.text, attachments: message.attachments, quote: message.quote, ...(template ? { template } : {}) })
      return
    }
    const shown = log(id)
    merge(shown, { ...message, state: 'queued', error: null })
    try {
      merge(shown, await api.post<Message>(`/conversations/${id}/messages/${message.id}/retry`, {}))
    } catch (error) {
      merge(shown, { ...message, error: failure(error) })
      throw error
    }
  }

  /** Takes a message away that never reached the server. */
  function discard(message: Message): void {
    const shown = logs.get(message.conversation_id)
    if (shown && isLocal(message)) shown.items = shown.items.filter((item) => item.id !== message.id)
  }

  function enqueue(id: Id, uuid: string, draft: Draft): void {
    const before = queues.get(id) ?? Promise.resolve()
    const mine = before.then(() => deliver(id, uuid, draft))
    queues.set(id, mine)
    void mine.finally(() => {
      if (queues.get(id) === mine) queues.delete(id)
    })
  }

  /** The same uuid each time: however often the answer is lost, the client gets one copy. */
  async function deliver(id: Id, uuid: string, draft: Draft): Promise<void> {
    change(id, uuid, { state: 'sending' })
    for (let tries = 1; ; tries += 1) {
      try {
        merge(log(id), await api.post<Message>(`/conversations/${id}/messages`, bodyOf(uuid, draft)))
        return
      } catch (error) {
        if (!mayRepeat(error) || tries >= SEND_TRIES) {
          change(id, uuid, { state: 'failed', error: failure(error) })
          return
        }
        await Promise.race([wait(pauseAfter(tries + 1)), restored()])
      }
    }
  }

  /** The connection is back: whatever waits to be sent again goes now. */
  function hurry(): void {
    const waiting = [...sleepers]
    sleepers.clear()
    waiting.forEach((wake) => wake())
  }

  function restored(): Promise<void> {
    return new Promise((wake) => sleepers.add(wake))
  }

  function change(id: Id, uuid: string, what: Partial<Message>): void {
    const shown = logs.get(id)
    const at = shown?.items.findIndex((message) => message.id === LOCAL + uuid) ?? -1
    if (shown && at >= 0) shown.items[at] = { ...shown.items[at]!, ...what }
  }

  function localMessage(id: Id, uuid: string, draft: Draft): Message {
    return {
      id: LOCAL + uuid, conversation_id: id, version: 0, direction: 'out', origin: 'workplace',
      author: { id: me.id, name: me.name }, text: draft.text, attachments: draft.attachments, quote: draft.quote, state: 'queued', error: null, client_uuid: uuid,
      at: new Date().toISOString(), edited_at: null, deleted: false
    }
  }

  return { logs, log, load, loadOlder, hear, forgetExcept, send, retry, discard, hurry }
}

export function isLocal(message: Message): boolean {
  return message.id.startsWith(LOCAL)
}

/** Puts a message in its place or over the older copy of itself. True: it is new here. */
function merge(shown: Log, message: Message): boolean {
  const at = shown.items.findIndex((item) => isSame(item, message))
  if (at < 0) {
    place(shown, message)
    return true
  }
  const before = shown.items[at]!
  if (!isLocal(before) && before.version > message.version) return false
  shown.items.splice(at, 1)
  place(shown, message)
  return false
}

function isSame(one: Message, other: Message): boolean {
  return one.id === other.id || (isLocal(one) && one.client_uuid !== null && one.client_uuid === other.client_uuid)
}

/** From the end: nearly everything arrives last. Ours that are not sent yet stay below all others. */
function place(shown: Log, message: Message): void {
  let at = shown.items.length
  while (at > 0 && isAfter(shown.items[at - 1]!, message)) at -= 1
  shown.items.splice(at, 0, message)
}

function isAfter(one: Message, other: Message): boolean {
  if (isLocal(one) !== isLocal(other)) return isLocal(one)
  if (isLocal(one)) return false
  return compareIds(one.id, other.id) > 0 // as the server pages them: messengers' clocks differ
}

function compareIds(one: Id, other: Id): number {
  return one.length - other.length || (one < other ? -1 : Number(one > other))
}

function bodyOf(uuid: string, draft: Draft): object {
  return {
    client_uuid: uuid,
    text: draft.text,
    attachments: draft.attachments.map((attachment) => attachment.id),
    ...(draft.quote?.id ? { quote_id: draft.quote.id } : {}),
    ...(draft.template ? { template: draft.template } : {})
  }
}

function mayRepeat(error: unknown): boolean {
  return error instanceof ApiError && (error.passing || error.status === 500)
}

function failure(error: unknown): { code: string; message: string } {
  const code = error instanceof ApiError ? error.code : 'unknown'
  return { code, message: error instanceof Error ? explain(error) : t('Not sent') }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}
