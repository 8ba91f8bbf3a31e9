/** Quick replies: one's own and the common ones, read when first needed. */

import { reactive } from 'vue'
import type { Api } from '../api'
import type { Attachment, Id, List } from '../types'

export interface QuickReply {
  id: Id
  title: string
  text: string
  common: boolean
  attachments: Attachment[]
  used: number
  may_change: boolean
}

export interface QuickReplyDraft { title: string; text: string; common: boolean; attachments: Id[] }

export type QuickRepliesStore = ReturnType<typeof createQuickReplies>

export function createQuickReplies(api: Pick<Api, 'get' | 'post' | 'put' | 'delete'>) {
  const state = reactive({ items: [] as QuickReply[], loaded: false, loading: false, error: null as unknown })

  async function load(): Promise<void> {
    if (state.loading) return
    state.loading = true
    state.error = null
    try {
      state.items = (await api.get<List<QuickReply>>('/quick-replies')).items
      state.loaded = true
    } catch (error) {
      state.error = error
    } finally {
      state.loading = false
    }
  }

  async function keep(id: Id | null, draft: QuickReplyDraft): Promise<QuickReply> {
    const kept = id
      ? await api.put<QuickReply>(`/quick-replies/${id}`, draft)
      : await api.post<QuickReply>('/quick-replies', draft)
    const at = state.items.findIndex((known) => known.id === kept.id)
    if (at < 0) state.items.push(kept)
    else state.items[at] = kept
    return kept
  }

  async function drop(id: Id): Promise<void> {
    await api.delete(`/quick-replies/${id}`)
    state.items = state.items.filter((known) => known.id !== id)
  }

  /** Copies of its files for a message; the most used come first next time. */
  async function use(reply: QuickReply): Promise<Attachment[]> {
    reply.used += 1
    return (await api.post<List<Attachment>>(`/quick-replies/${reply.id}/use`, {})).items
  }

  return { state, load, keep, drop, use }
}

/** Those whose title or words hold what was typed; titles that begin with it come first. */
export function matching(replies: QuickReply[], typed: string): QuickReply[] {
  const words = typed.trim().toLowerCase()
  if (!words) return replies
  const score = ({ title, text }: QuickReply) =>
    (title.toLowerCase().startsWith(words) ? 2 : Number(title.toLowerCase().includes(words))) || (text.toLowerCase().includes(words) ? 0.5 : 0)
  return replies.map((reply) => ({ reply, score: score(reply) }))
    .filter((one) => one.score > 0)
    .sort((one, other) => other.score - one.score)
    .map((one) => one.reply)
}
