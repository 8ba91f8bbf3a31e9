// Keeps the live parts of a page fresh: asks once a second, changes only what differs.

import { localise } from './texts.js'

const PAUSE = 1000
const HIDDEN_PAUSE = 5000

let etag = ''
let timer = 0
let running = null

export function startLive() {
  if (parts().length) schedule()
  document.addEventListener('visibilitychange', () => !document.hidden && refresh())
}

/** Asks now; answers when the page shows the news. */
export async function refresh() {
  clearTimeout(timer)
  if (running) await running
  running = ask().finally(() => { running = null })
  await running
  schedule()
}

function parts() {
  return [...document.querySelectorAll('[data-live]')]
}

function schedule() {
  clearTimeout(timer)
  timer = setTimeout(refresh, document.hidden ? HIDDEN_PAUSE : PAUSE)
}

async function ask() {
  const url = new URL(location.href)
  url.searchParams.set('_live', parts().map((part) => part.dataset.live).join(','))
  try {
    const response = await fetch(url, { headers: etag ? { 'X-Known': etag } : {} })
    if (response.status !== 200) return
    etag = response.headers.get('X-Version') || ''
    show(await response.json())
  } catch {
    // The sandbox was stopped or is starting again; the next question will tell.
  }
}

function show(news) {
  for (const part of parts()) {
    const html = news[part.dataset.live]
    if (html === undefined) continue
    const stuck = atBottom(part)
    morphInto(part, html)
    if (stuck) part.scrollTop = part.scrollHeight
    part.dispatchEvent(new CustomEvent('live', { bubbles: true }))
  }
}

/** True when a log (`data-stick`) is read at its end, so that it should stay there. */
function atBottom(part) {
  return 'stick' in part.dataset && part.scrollHeight - part.scrollTop - part.clientHeight < 40
}

export function morphInto(target, html) {
  const template = document.createElement('template')
  template.innerHTML = html
  localise(template.content)
  morphChildren(target, template.content)
}

function morphChildren(target, source) {
  const keyed = new Map([...target.children].filter((n) => n.dataset.key).map((n) => [n.dataset.key, n]))
  let place = target.firstChild
  for (const wanted of [...source.childNodes]) {
    const old = keyed.get(wanted.dataset?.key) ?? sameKind(place, wanted)
    if (!old) { target.insertBefore(wanted, place); continue }
    if (old !== place) target.insertBefore(old, place)
    else place = place.nextSibling
    morphNode(old, wanted)
  }
  while (place) { const next = place.nextSibling; place.remove(); place = next }
}

function sameKind(old, wanted) {
  const same = old && old.nodeName === wanted.nodeName && !old.dataset?.key && !wanted.dataset?.key
  return same ? old : null
}

function morphNode(old, wanted) {
  if (old.isEqualNode(wanted) || old.dataset?.keep !== undefined) return
  if (old.nodeType !== Node.ELEMENT_NODE) { old.nodeValue = wanted.nodeValue; return }
  if (old.nodeName !== wanted.nodeName) { old.replaceWith(wanted); return }
  for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name)) old.removeAttribute(name)
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  }
  morphChildren(old, wanted)
}
