/** Chats of each list in order, kept by moving one at a time: tens of thousands cost no sorting. */

import { shallowRef, triggerRef, type ShallowRef } from 'vue'
import type { Conversation, Id } from '../types'

export interface Place { conversation: Conversation; at: number }

export interface Order<K extends string> {
  list: (key: K) => Conversation[]
  put: (conversation: Conversation, key: K | null) => void
  drop: (id: Id) => void
}

/** Newest first, the larger number first among equals, as the server pages them. */
function before(one: Place, other: Place): boolean {
  if (one.at !== other.at) return one.at > other.at
  const [a, b] = [one.conversation.id, other.conversation.id]
  return a.length === b.length ? a > b : a.length > b.length
}

export function createOrder<K extends string>(keys: readonly K[], timeOf: (conversation: Conversation) => number): Order<K> {
  const lists = Object.fromEntries(keys.map((key) => [key, shallowRef<Place[]>([])])) as Record<K, ShallowRef<Place[]>>
  const shown = Object.fromEntries(keys.map((key) => [key, shallowRef<Conversation[]>([])])) as Record<K, ShallowRef<Conversation[]>>
  const where = new Map<Id, { key: K; place: Place }>()

  function indexOf(places: Place[], place: Place): number {
    let low = 0
    let high = places.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (before(places[middle]!, place)) low = middle + 1
      else high = middle
    }
    return low
  }

  function drop(id: Id): void {
    const known = where.get(id)
    if (!known) return
    where.delete(id)
    const at = indexOf(lists[known.key].value, known.place)
    lists[known.key].value.splice(at, 1)
    shown[known.key].value.splice(at, 1)
    triggerRef(shown[known.key])
  }

  function put(conversation: Conversation, key: K | null): void {
    const known = where.get(conversation.id)
    const place = { conversation, at: timeOf(conversation) }
    if (known && key === known.key && known.place.at === place.at) return replace(known, place)
    drop(conversation.id)
    if (key === null) return
    const at = indexOf(lists[key].value, place)
    lists[key].value.splice(at, 0, place)
    shown[key].value.splice(at, 0, conversation)
    where.set(conversation.id, { key, place })
    triggerRef(shown[key])
  }

  function replace(known: { key: K; place: Place }, place: Place): void {
    const at = indexOf(lists[known.key].value, known.place)
    lists[known.key].value[at] = place
    shown[known.key].value[at] = place.conversation
    known.place = place
    triggerRef(shown[known.key])
  }

  return { list: (key) => shown[key].value, put, drop }
}
