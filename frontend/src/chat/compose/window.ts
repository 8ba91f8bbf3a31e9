/** The messenger's window: how long free words may still be sent. */

import { t } from '../../lib/i18n'
import type { Conversation } from '../../lib/types'

const HOUR_MS = 3_600_000
const SOON_MS = 3 * HOUR_MS

export interface WindowState { open: boolean; soon: boolean; text: string }

/** null: the channel has no window. */
export function windowOf(conversation: Conversation, now: number): WindowState | null {
  if (!conversation.window) return null
  const { until } = conversation.window
  if (!until) return { open: false, soon: false, text: t('The client has not written yet: the first message is a template.') }
  const left = Date.parse(until) - now
  if (left <= 0) return { open: false, soon: false, text: t('The client wrote too long ago: this messenger takes only a template now.') }
  return { open: true, soon: left < SOON_MS, text: t('One may write freely for {left} more', { left: span(left) }) }
}

function span(ms: number): string {
  if (ms < HOUR_MS) return t('{count} min', { count: Math.max(Math.ceil(ms / 60_000), 1) })
  return t('{count} h', { count: Math.floor(ms / HOUR_MS) })
}
