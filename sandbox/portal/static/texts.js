// The words of the page's language, and times in the reader's time zone.

const TEXTS = JSON.parse(document.getElementById('texts')?.textContent || '{}')
const LANG = document.documentElement.lang || 'en'

export function say(text) {
  return TEXTS[text] ?? text
}

/** Writes every `<time>` of a piece of page in the reader's own zone. */
export function localise(root) {
  for (const node of root.querySelectorAll('time[datetime]')) {
    const at = new Date(node.dateTime)
    if (Number.isNaN(at.valueOf())) continue
    node.textContent = when(at, node.dataset.style)
    node.title = at.toLocaleString(LANG)
  }
}

function when(at, style) {
  const clock = at.toLocaleTimeString(LANG, { hour: '2-digit', minute: '2-digit' })
  if (style === 'clock') return clock
  const day = at.toLocaleDateString(LANG, { day: 'numeric', month: 'short' })
  if (style === 'day') return day
  return sameDay(at, new Date()) ? clock : `${day}, ${clock}`
}

function sameDay(one, other) {
  return one.toDateString() === other.toDateString()
}
