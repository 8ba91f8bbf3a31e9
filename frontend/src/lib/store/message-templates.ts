/** Templates that a messenger has approved, by channel. */

import { reactive } from 'vue'
import type { Api } from '../api'
import type { Id, Time } from '../types'

export interface MessageTemplate {
  id: Id
  name: string
  language: string
  status: 'approved' | 'pending' | 'rejected' | 'paused'
  category: string
  body: string
  variables: string[]
  header: '' | 'text' | 'image' | 'video' | 'document'
  header_text: string
  header_variable: string
  footer: string
  buttons: string[]
}

/** A template with what fills its holes, as it is sent. */
export interface FilledTemplate { name: string; language: string; values: string[]; header_value: string }

interface Known { items: MessageTemplate[]; asked_at: Time | null; asking: boolean; loaded: boolean; error: unknown }

export type MessageTemplatesStore = ReturnType<typeof createMessageTemplates>

export function createMessageTemplates(api: Pick<Api, 'get' | 'post'>) {
  const channels = reactive(new Map<Id, Known>())

  function of(id: Id): Known {
    if (!channels.has(id)) channels.set(id, { items: [], asked_at: null, asking: false, loaded: false, error: null })
    return channels.get(id)!
  }

  async function load(id: Id, again = false): Promise<void> {
    const known = of(id)
    known.error = null
    try {
      const told = again
        ? await api.post<Known>(`/channels/${id}/templates/refresh`, {})
        : await api.get<Known>(`/channels/${id}/templates`)
      Object.assign(known, told, { loaded: true })
    } catch (error) {
      known.error = error
    }
  }

  /** The messenger has answered: whoever looks at the list sees it anew. */
  function hear(news: { channel_id: Id }): void {
    if (channels.get(news.channel_id)?.loaded) void load(news.channel_id)
  }

  return { of, load, hear }
}

const HOLE = /\{\{\s*(\w+)\s*\}\}/g

/** As the client will read it; empty holes stay visible. */
export function templateWords(template: MessageTemplate, filled: Pick<FilledTemplate, 'values' | 'header_value'>): string {
  const values = new Map(template.variables.map((name, at) => [name, filled.values[at] ?? '']))
  const head = template.header_text.replace(HOLE, (hole) => filled.header_value || hole)
  const body = template.body.replace(HOLE, (hole, name: string) => values.get(name) || hole)
  return [head, body, template.footer].filter(Boolean).join('\n\n')
}
