/** Messages for later, by chat. */

import { reactive } from 'vue'
import type { Api } from '../api'
import type { Attachment, Id, List, Person, Time } from '../types'
import { newUuid } from '../uuid'

export interface Planned {
  id: Id
  conversation_id: Id
  text: string
  attachments: Attachment[]
  due_at: Time
  state: 'waiting' | 'sent' | 'failed' | 'cancelled'
  error: string
  version: number
  author: Person
}

export type ScheduledStore = ReturnType<typeof createScheduled>

export function createScheduled(api: Pick<Api, 'get' | 'post' | 'put' | 'delete'>) {
  const chats = reactive(new Map<Id, Planned[]>())

  function of(id: Id): Planned[] {
    return chats.get(id) ?? []
  }

  async function load(id: Id): Promise<void> {
    chats.set(id, (await api.get<List<Planned>>(`/conversations/${id}/scheduled`)).items)
  }

  /** What screens are told: what is over goes, the rest stands by its time. */
  function hear(planned: Planned): void {
    const known = chats.get(planned.conversation_id)
    if (!known) return
    const before = known.find((one) => one.id === planned.id)
    if (before && before.version > planned.version) return
    const rest = known.filter((one) => one.id !== planned.id)
    const stays = planned.state === 'waiting' || planned.state === 'failed'
    chats.set(planned.conversation_id, stays ? [...rest, planned].sort(byTime) : rest)
  }

  async function plan(id: Id, text: string, attachments: Attachment[], dueAt: Date): Promise<void> {
    hear(await api.post<Planned>(`/conversations/${id}/scheduled`, {
      client_uuid: newUuid(), text, attachments: attachments.map((file) => file.id), due_at: dueAt.toISOString()
    }))
  }

  async function change(planned: Planned, text: string, dueAt: Date): Promise<void> {
    hear(await api.put<Planned>(pathOf(planned), { text, due_at: dueAt.toISOString() }))
  }

  async function cancel(planned: Planned): Promise<void> {
    await api.delete(pathOf(planned))
    hear({ ...planned, state: 'cancelled' })
  }

  return { chats, of, load, hear, plan, change, cancel }
}

function pathOf(planned: Planned): string {
  return `/conversations/${planned.conversation_id}/scheduled/${planned.id}`
}

function byTime(one: Planned, other: Planned): number {
  return Date.parse(one.due_at) - Date.parse(other.due_at)
}

/** The nearest good moments: in an hour, tomorrow morning, Monday morning. */
export function presets(now: Date): { name: 'hour' | 'tomorrow' | 'monday'; at: Date }[] {
  const hour = new Date(now.getTime() + 3_600_000)
  hour.setSeconds(0, 0)
  const tomorrow = morning(now, 1)
  const monday = morning(now, ((8 - now.getDay()) % 7) || 7)
  return [
    { name: 'hour', at: hour },
    { name: 'tomorrow', at: tomorrow },
    ...(monday.getTime() === tomorrow.getTime() ? [] : [{ name: 'monday' as const, at: monday }])
  ]
}

function morning(now: Date, days: number): Date {
  const at = new Date(now)
  at.setDate(at.getDate() + days)
  at.setHours(9, 0, 0, 0)
  return at
}

/** As a field of date and time wants it, in the reader's zone. */
export function localValue(at: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}
