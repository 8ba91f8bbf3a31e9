import type { Memory } from './memory'

export interface Page {
  url: string
  title: string
  referrer: string
  utm: Record<string, string>
}

type Touch = Pick<Page, 'referrer' | 'utm'>

/** Where the visitor is now, and where they came from when they came first. */
export function page(memory: Memory): Page {
  return { url: location.href, title: document.title, ...firstTouch(memory) }
}

/** The first visit's referrer and marks stay, unless it had no marks and this one has. */
export function firstTouch(memory: Memory): Touch {
  const kept = memory.get<Touch>('touch')
  const utm = marks(location.search)
  if (kept && (Object.keys(kept.utm).length || !Object.keys(utm).length)) return kept
  const touch = { referrer: foreign(document.referrer), utm }
  memory.set('touch', touch)
  return touch
}

function marks(search: string): Record<string, string> {
  return Object.fromEntries([...new URLSearchParams(search)].filter(([name]) => name.startsWith('utm_')))
}

/** The site's own pages are no referrer. */
function foreign(referrer: string): string {
  return referrer.startsWith(location.origin + '/') ? '' : referrer
}
