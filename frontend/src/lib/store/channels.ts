/** Connected accounts, the kinds one may connect, and the Open Lines they serve. */

import { reactive } from 'vue'
import type { Api } from '../api'
import type { Channel, ChannelKind, Id, Line, List, LoginStep } from '../types'

type Outcome = Channel | { step: LoginStep }

/** The answers to a step, with the state that came with it. */
export interface Answered { step: string; answers: Record<string, string> }

/** Nothing is connected yet: the messenger asks for more. */
export class Unfinished extends Error {
  readonly step: LoginStep

  constructor(step: LoginStep) {
    super(step.text)
    this.step = step
  }
}

export type ChannelsStore = ReturnType<typeof createChannels>

export function createChannels(api: Pick<Api, 'get' | 'post' | 'put' | 'patch' | 'delete'>) {
  const state = reactive({
    items: [] as Channel[],
    kinds: [] as ChannelKind[],
    lines: [] as Line[],
    loaded: false,
    error: null as unknown
  })

  async function load(): Promise<void> {
    state.error = null
    try {
      state.items = (await api.get<List<Channel>>('/channels')).items
      state.loaded = true
    } catch (error) {
      state.error = error
    }
  }

  async function loadKinds(): Promise<void> {
    if (state.kinds.length) return
    state.kinds = (await api.get<List<ChannelKind>>('/channels/kinds')).items
  }

  async function loadLines(): Promise<void> {
    state.lines = (await api.get<List<Line>>('/lines')).items
  }

  function put(channel: Channel): Channel {
    const at = state.items.findIndex((known) => known.id === channel.id)
    if (at < 0) state.items.push(channel)
    else state.items[at] = channel
    return channel
  }

  function drop(id: Id): void {
    state.items = state.items.filter((channel) => channel.id !== id)
  }

  /** Unfinished: there is another step. */
  async function connect(kind: string, name: string, settings: object, answered: Answered | null = null): Promise<Channel> {
    return put(finished(await api.post<Outcome>('/channels', { kind, ...(name ? { name } : {}), settings, ...answered }, SLOW)))
  }

  async function reconnect(id: Id, settings: object, answered: Answered | null = null): Promise<Channel> {
    return put(finished(await api.post<Outcome>(`/channels/${id}/reconnect`, { settings, ...answered }, SLOW)))
  }

  async function rename(id: Id, name: string): Promise<Channel> {
    return put(await api.patch<Channel>(`/channels/${id}`, { name }))
  }

  async function check(id: Id): Promise<Channel> {
    return put(await api.post<Channel>(`/channels/${id}/check`, {}, SLOW))
  }

  async function watch(id: Id, hours: number): Promise<Channel> {
    return put(await api.patch<Channel>(`/channels/${id}`, { silence_hours: hours }))
  }

  async function disconnect(id: Id): Promise<Channel> {
    return put(await api.post<Channel>(`/channels/${id}/disconnect`, {}, SLOW))
  }

  async function remove(id: Id): Promise<void> {
    await api.delete(`/channels/${id}`)
    await load()
  }

  function titleOf(kind: string): string {
    return state.kinds.find((known) => known.kind === kind)?.title ?? kind
  }

  return { state, load, loadKinds, loadLines, put, drop, connect, reconnect, rename, check, watch, disconnect, remove, titleOf }
}

function finished(outcome: Outcome): Channel {
  if ('step' in outcome) throw new Unfinished(outcome.step)
  return outcome
}

/** A messenger is asked on the way: it may take its time. */
const SLOW = { timeoutMs: 45_000 }
