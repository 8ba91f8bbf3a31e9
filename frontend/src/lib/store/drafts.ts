/** What is being written in each conversation: kept here at once, on the server a moment later. */

import { reactive } from 'vue'
import type { Api } from '../api'
import type { Id } from '../types'

const PAUSE_MS = 700

export type DraftsStore = ReturnType<typeof createDrafts>

export function createDrafts(api: Pick<Api, 'put'>) {
  const texts = reactive(new Map<Id, string>())
  const timers = new Map<Id, ReturnType<typeof setTimeout>>()

  function text(id: Id): string {
    return texts.get(id) ?? ''
  }

  /** The draft of the server; what is being typed here wins. */
  function adopt(id: Id, draft: string): void {
    if (!timers.has(id)) texts.set(id, draft)
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
    api.put(`/conversations/${id}/draft`, { text: text(id) }).catch(() => undefined)
  }

  return { texts, text, has, adopt, write, flush }
}
