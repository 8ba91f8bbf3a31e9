// Frames of applications: opened by a posted form, then served with answers to their messages.

import { commandsOf } from './commands.js'
import { NO_ANSWER, parseMessage, replyText } from './protocol.js'
import { send } from './server.js'

const DELAY = 1500
const ALLOW = 'geolocation *; microphone *; camera *; autoplay *;'

const frames = new Map()

export function startFrames() {
  addEventListener('message', receive)
  window.portalFrames = { emit }
  for (const host of document.querySelectorAll('[data-frame]')) if (!('lazy' in host.dataset)) openFrame(host)
}

/** Draws the application's frame into `host`; what to open is written on the host itself. */
export async function openFrame(host) {
  if (host.dataset.opened) return
  host.dataset.opened = 'yes'
  const wanted = JSON.parse(host.dataset.frame)
  try {
    const made = await send('/_browser/frame', { ...wanted, uri: uriOf(), mode: modeOf() })
    const frame = { ...made, host, bound: new Map(), authorised_at: performance.now() }
    frames.set(frame.sid, frame)
    draw(frame)
  } catch (error) {
    host.textContent = error.message
  }
}

function uriOf() {
  return location.pathname + location.search
}

// `?frame_mode=silent` on the page's address makes this page's frames misbehave; see the README.
function modeOf() {
  return new URLSearchParams(location.search).get('frame_mode') ?? ''
}

function draw(frame) {
  const node = document.createElement('iframe')
  Object.assign(node, { id: `appframe_${frame.sid}`, name: frame.name, allow: ALLOW, title: frame.title })
  const layout = document.createElement('div')
  layout.id = `appframe_layout_${frame.sid}`
  layout.className = 'app-layout'
  layout.append(node)
  const form = formOf(frame)
  frame.node = node
  frame.host.replaceChildren(layout, form)
  form.submit()
}

function formOf(frame) {
  const form = document.createElement('form')
  Object.assign(form, { id: `appform_${frame.sid}`, method: 'POST', target: frame.name, action: frame.url, hidden: true })
  for (const [name, value] of Object.entries(frame.fields)) {
    const input = document.createElement('input')
    Object.assign(input, { type: 'hidden', name, value })
    form.append(input)
  }
  return form
}

// Whatever is wrong with a message, the portal keeps silent: it never answers with an error.
async function receive(event) {
  const message = parseMessage(event.data)
  const frame = message && frames.get(message.sid)
  if (!frame || event.origin !== frame.origin) return
  const command = commandsOf(frame)[message.command]
  if (!command || frame.mode === 'silent' || frame.denied.includes(message.command)) return
  const value = await command(frame, message.params, message.key)
  if (value !== NO_ANSWER) answer(frame, message.key, value)
}

export function answer(frame, key, value) {
  if (!key) return
  const post = () => frame.node.contentWindow?.postMessage(replyText(key, value), frame.origin)
  if (frame.mode === 'late') { setTimeout(post, DELAY); return }
  if (frame.mode === 'objects') frame.node.contentWindow?.postMessage({ noise: true }, frame.origin)
  post()
  if (frame.mode === 'twice') post()
}

/** Tells every frame that bound `event`; the payload travels under the key of its binding. */
export function emit(event, payload) {
  for (const frame of frames.values()) {
    for (const key of frame.bound.get(event) ?? []) answer(frame, key, payload)
  }
}
