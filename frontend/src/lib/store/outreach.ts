/** Writing to a client first: what each channel says to an address, and the chat that begins. */

import { shallowRef } from 'vue'
import type { Api } from '../api'
import type { Conversation, Id, List } from '../types'
import type { AddressKind } from './abilities'

export interface KnownAddress { kind: AddressKind; value: string; name: string }

export interface Answer {
  channel: { id: Id; kind: string; name: string }
  /** `open`: there is a chat to go to; `ready`: one may begin; all others: neither, `reason` says why. */
  state: 'open' | 'ready' | 'taken' | 'in_new' | 'blocked' | 'absent' | 'asking' | 'failed'
  reason: string
  conversation_id: Id | null
}

export interface Search { address: { kind: AddressKind; value: string }; channels: Answer[] }
export interface LookupNews { channel_id: Id; kind: AddressKind; value: string }

export type OutreachStore = ReturnType<typeof createOutreach>

export function createOutreach(api: Pick<Api, 'get' | 'post'>) {
  /** The newest answer of a messenger that had to be asked. */
  const heard = shallowRef<LookupNews | null>(null)

  return {
    heard,
    hear(news: LookupNews): void { heard.value = news },
    search: (kind: string, address: string): Promise<Search> => api.post<Search>('/outreach/search', { kind, address }),
    start: (channelId: Id, address: string): Promise<Conversation> =>
      api.post<Conversation>('/outreach/start', { channel_id: channelId, address }),
    addresses: async (): Promise<KnownAddress[]> =>
      (await api.get<List<KnownAddress>>('/outreach/addresses', { timeoutMs: 45_000 })).items
  }
}

export function mayWrite(answer: Answer): boolean {
  return answer.state === 'open' || answer.state === 'ready'
}
