/** An error in the reader's words. The server's own sentence wins: it knows what happened. */

import { ApiError } from './api'
import { t } from './i18n'

export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return t('Something went wrong. Try again.')
  if (error.status === 0) return t('No connection to the server. Check the network and try again.')
  if (error.status === 413) return t('The file is too large: the limit is 20 MB.')
  if (error.status === 429) return t('Too many requests. Wait a moment and try again.')
  if (error.code === 'session_over') return t('The session is over. Reload the page.')
  if (error.code.startsWith('http_')) return t('The server is busy ({status}). Try again in a minute.', { status: error.status })
  return t(error.message)
}
