import { t } from '../lib/i18n'

/** Why a messenger's news are shown to nobody; `{ "group_chat": 3 }` comes from the server. */
function words(reason: string): string {
  if (reason === 'group_chat') return t('group chats')
  if (reason === 'channel_post') return t('channel posts')
  if (reason === 'another_number') return t('another number of the account')
  if (reason === 'not_understood') return t('not understood')
  if (reason.startsWith('system_') || reason === 'nothing_to_show') return t('service messages')
  return t('news without words')
}

/** How many there were, and why, a line for each reason; null if there were none. */
export function skippedNews(reasons: Record<string, number> | undefined): { count: number; why: string } | null {
  const counts = new Map<string, number>()
  for (const [reason, count] of Object.entries(reasons ?? {})) counts.set(words(reason), (counts.get(words(reason)) ?? 0) + count)
  const count = [...counts.values()].reduce((sum, one) => sum + one, 0)
  return count ? { count, why: [...counts].map(([why, times]) => `${why}: ${times}`).join('\n') } : null
}
