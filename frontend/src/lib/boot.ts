/** What the shell knows when the page opens: the only data that comes without a call. */

import type { Boot } from './types'

export function readBoot(document: Document = window.document): Boot | null {
  const text = document.getElementById('boot')?.textContent
  if (!text) return null
  try {
    return JSON.parse(text) as Boot
  } catch {
    return null
  }
}
