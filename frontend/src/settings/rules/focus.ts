/** From a refusal of the server to the control it is about. */

import { nextTick } from 'vue'

const FOCUSABLE = 'button:not(:disabled), input:not(:disabled), textarea:not(:disabled), select:not(:disabled), [tabindex]'

/** The path itself or the nearest thing around it: "filter.0.when.items.9" → "filter.0.when". */
export function nearest(path: string, find: (path: string) => Element | null): Element | null {
  for (let rest = path; rest; rest = rest.slice(0, Math.max(rest.lastIndexOf('.'), 0))) {
    const found = find(rest)
    if (found) return found
  }
  return null
}

/** Focuses the control of `path`; false if there is none. Rows with errors open themselves, hence the wait. */
export async function focusPath(path: string): Promise<boolean> {
  await nextTick()
  const place = nearest(path, (rest) => document.querySelector(`[data-path="${CSS.escape(rest)}"]`))
  if (!place) return false
  const control = place.matches(FOCUSABLE) ? place : place.querySelector('[aria-invalid="true"]') ?? place.querySelector(FOCUSABLE) ?? place
  place.scrollIntoView({ block: 'center' })
  if (control instanceof HTMLElement) control.focus({ preventScroll: true })
  return true
}
