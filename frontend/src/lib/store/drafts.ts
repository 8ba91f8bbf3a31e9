/** What is being written in each conversation: kept here at once, on the server a moment later. */

import { reactive } from 'vue'
import type { Api } from '../api'
import type { Id } from '../types'
import { newUuid } from '../uuid'

const PAUSE_MS = 700

export type DraftsStore = ReturnType<typeof createDrafts>

export interface DraftNews { conversation_id: Id; text: string; user_id: Id; window: string }

/** `window`: this page's own name, by which it knows its own drafts in the news. */
export function createDrafts(api: Pick<Api, 'put'>, userId: Id, window = newUuid()) {
  const texts = reactive(new Map<Id, string>())
  const timers = new Map<Id, ReturnType<typeof setTimeout>>()

  function text(id: Id): string {
    return texts.get(id) ?? ''
  }

  /** The draft of the server; what is being typed here wins. */
  function adopt(id: Id, draft: string): void {
    if (!timers.has(id)) texts.set(id, draft)
  }

  /** Written in another window of the same person; a colleague's draft is theirs. */
  function hear({ conversation_id: id, text: draft, user_id: writer, window: where }: DraftNews): void {
    if (writer === userId && where !== window) adopt(id, draft)
  }

  function has(id: Id): boolean {
    return texts.has(id)
  }

  function write(id: Id, draft: string): void {
    if (text(id) === draft) return
    texts.set(id, draft)
    clearTimeout(timers.get(id))
    timers.set(id, setTimeout(() => flush(id), PAUSE_MS))
  }

  /** Saves now: the caret left the field or the chat was changed. */
  function flush(id: Id): void {
    if (!timers.has(id)) return
    clearTimeout(timers.get(id))
    timers.delete(id)
    api.put(`/conversations/${id}/draft`, { text: text(id), window }).catch(() => undefined)
  }

  return { texts, text, has, adopt, hear, write, flush }
}
