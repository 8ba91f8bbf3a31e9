/** How messages become rows of the log: days, the unread line, runs of one author. */

import { dayKey } from '../lib/time'
import type { Id, Message } from '../lib/types'

export type Row =
  | { type: 'day'; key: string; at: string }
  | { type: 'unread'; key: string }
  | { type: 'system'; key: string; message: Message }
  | { type: 'note'; key: string; message: Message }
  | { type: 'message'; key: string; message: Message; first: boolean; last: boolean }

const RUN_MS = 10 * 60_000

/** Rows in order. `unreadFrom` is the first message not seen when the chat was opened. */
export function rowsOf(messages: Message[], unreadFrom: Id | null = null): Row[] {
  const rows: Row[] = []
  messages.forEach((message, at) => {
    const before = messages[at - 1]
    const after = messages[at + 1]
    if (!before || dayKey(before.at) !== dayKey(message.at)) {
      rows.push({ type: 'day', key: `day:${dayKey(message.at)}`, at: message.at })
    }
    if (message.id === unreadFrom) rows.push({ type: 'unread', key: 'unread' })
    if (message.direction === 'system') {
      rows.push({ type: message.system?.code === 'note' ? 'note' : 'system', key: message.id, message })
      return
    }
    rows.push({
      type: 'message',
      key: message.client_uuid ?? message.id,
      message,
      first: !before || message.id === unreadFrom || !isRun(before, message),
      last: !after || after.id === unreadFrom || !isRun(message, after)
    })
  })
  return rows
}

/** Two messages read as one utterance: same side, same author, within ten minutes of one day. */
export function isRun(one: Message, next: Message): boolean {
  return one.direction === next.direction
    && next.direction !== 'system'
    && one.origin === next.origin
    && (one.author?.id ?? '') === (next.author?.id ?? '')
    && dayKey(one.at) === dayKey(next.at)
    && Math.abs(Date.parse(next.at) - Date.parse(one.at)) < RUN_MS
}

/** Of the last `unread` messages of the client, the first. */
export function firstUnread(messages: Message[], unread: number): Id | null {
  let left = unread
  for (let at = messages.length - 1; at >= 0 && left > 0; at -= 1) {
    const message = messages[at]!
    if (message.direction !== 'in') continue
    left -= 1
    if (left === 0) return message.id
  }
  return null
}
