/** Builders, complete by default: a test names only what matters. */

import type { RulesDocument } from '../src/lib/rules'
import type { Boot, Conversation, Message, OfflineRequest } from '../src/lib/types'

export function conversation(more: Partial<Conversation> = {}): Conversation {
  return {
    id: '1', status: 'active', version: 1, channel: { id: '1', kind: 'telegram', name: 'Shop' },
    contact: { id: '7', name: 'Anna' }, responsible: { id: '2', name: 'Boris' },
    last_message: { id: '10', text: 'Hello', direction: 'in', at: '2026-11-21T10:00:00Z', state: 'received' },
    unread: 0, waiting_since: null, opened_at: '2026-11-21T09:00:00Z', accepted_at: null, closed_at: null,
    first_reply_at: null, visit: null, line: null, crm: null, draft: '',
    may: { accept: false, reply: true, close: true, reopen: false }, ...more
  }
}

export function message(more: Partial<Message> = {}): Message {
  return {
    id: '10', conversation_id: '1', version: 1, direction: 'in', origin: 'channel', author: null, text: 'Hello',
    attachments: [], quote: null, state: 'received', error: null, client_uuid: null,
    at: '2026-11-21T10:00:00Z', edited_at: null, deleted: false, ...more
  }
}

export function offlineRequest(more: Partial<OfflineRequest> = {}): OfflineRequest {
  return {
    id: '1', status: 'new', kind: 'form', channel: { id: '1', kind: 'webchat', name: 'Shop' }, contact: { id: '7', name: 'Anna' },
    name: 'Anna', phone: '', email: '', text: 'Call me', form_name: '', form: {}, visit: {}, created_at: '2026-11-21T10:00:00Z',
    taken_at: null, done_at: null, responsible: null, note: '', crm: {}, may: { take: true, finish: true, reopen: false }, ...more
  }
}

export function boot(more: Partial<Boot> = {}): Boot {
  return {
    token: 't1', expires_in: 3600, placement: 'left_menu', lang: 'en', theme: 'light', version: '1',
    portal: { id: '1', domain: 'portal.example', origin: 'https://portal.example', status: 'F' },
    user: { id: '2', name: 'Boris', admin: true, photo_url: null }, entity: null, connector: null,
    live_after: 0, preferences: {}, conversation: null, ...more
  }
}

export interface Call { method: string; path: string; body: unknown; token: string | null }

/** A server in a function: answers by the path, remembers what was asked. */
export function server(answers: (call: Call, number: number) => { status?: number; body?: unknown; headers?: Record<string, string> } | Error) {
  const calls: Call[] = []
  const fetch = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const call: Call = {
      method: init.method ?? 'GET',
      path: String(url).replace('/api/v1', ''),
      body: typeof init.body === 'string' ? JSON.parse(init.body) : null,
      token: new Headers(init.headers).get('Authorization')
    }
    calls.push(call)
    const answer = answers(call, calls.length)
    if (answer instanceof Error) throw answer
    const status = answer.status ?? 200
    return new Response(status === 204 ? null : JSON.stringify(answer.body ?? {}), { status, headers: answer.headers ?? {} })
  }
  return { calls, fetch: fetch as typeof globalThis.fetch }
}

/** Lets everything that is only waiting for promises run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

/** The rules a new portal starts with. */
export function rules(more: Partial<RulesDocument> = {}): RulesDocument {
  const pipelines = () => ({ rows: [], default: { lead_stage: '', category_id: null, deal_stage: '' } })
  return {
    active: true, channels: null, responsible_id: null, responsibles: [], create_primary: ['deal'], create_repeat: [],
    comment_priority: 'deal', pipelines_primary: pipelines(), pipelines_repeat: pipelines(), transcript: 'online',
    copy_to_contact_company: false, filter: [], filter_default: 'allow', titles: { lead: '', deal: '', activity: '' },
    fields: [], write_to_closed: false, deadline_minutes: 60, ...more
  }
}
