// What an application's frame may ask of the portal's page, one entry per command.

import { notify, selectAccess, selectCRM, selectUser } from './dialogs.js'
import { refresh } from './live.js'
import { NO_ANSWER, readPath } from './protocol.js'
import { send } from './server.js'
import { closeSlider, openSlider } from './slider.js'
import { say } from './texts.js'

const EVERYWHERE = {
  getInitData: (frame) => ({ ...frame.init, AUTH_EXPIRES: String(secondsLeft(frame)) }),
  refreshAuth,
  setInstall: async (frame, params) => { await send('/_browser/first_run', { sid: frame.sid }); return params },
  setInstallFinish,
  setAppOption: (frame, params) => setOption(frame, 'app', params),
  setUserOption: (frame, params) => setOption(frame, 'user', params),
  resizeWindow,
  openApplication,
  closeApplication: () => { closeSlider(); return NO_ANSWER },
  openPath,
  selectUser: (frame, params) => chosen(selectUser(params || {})),
  selectAccess: (frame, params) => chosen(selectAccess(params || {})),
  selectCRM: (frame, params) => chosen(selectCRM(params || {})),
  getInterface: (frame) => ({ command: Object.keys(commandsOf(frame)), event: frame.events }),
  imCallTo: (frame, { userId }) => quietly(() => notify(`${say('Call')}: ${userId}`)),
  imPhoneTo: (frame, { phone }) => quietly(() => notify(`${say('Call')}: ${phone}`)),
  imOpenMessenger: (frame, { dialogId }) => quietly(() => openDialog(dialogId)),
  imOpenHistory: (frame, { dialogId }) => quietly(() => openDialog(dialogId)),
}

// A widget inside somebody else's page may not rename, scroll or reload that page.
const OWN_PAGE = {
  setTitle: (frame, params) => { retitle(params.title); return params },
  setScroll: (frame, params) => { scrollTo({ top: Number(params.scroll) || 0 }); return params },
  reloadWindow: () => { location.reload(); return NO_ANSWER },
}

const IN_PLACEMENT = { placementBindEvent }

const BY_PLACEMENT = {
  TAB: { reloadData: async () => { await refresh(); return undefined } },
  IM_TEXTAREA: { 'im:getImTextareaContent': () => composer()?.value ?? '', 'im:setImTextareaContent': writeComposer },
}

export function commandsOf(frame) {
  if (frame.placement === 'DEFAULT') return { ...EVERYWHERE, ...OWN_PAGE }
  const kind = /_(DETAIL_TAB|LIST_MENU)$/.test(frame.placement) ? 'TAB' : frame.placement
  return { ...EVERYWHERE, ...IN_PLACEMENT, ...BY_PLACEMENT[kind] }
}

function secondsLeft(frame) {
  const passed = Math.floor((performance.now() - frame.authorised_at) / 1000)
  return Math.max(0, Number(frame.init.AUTH_EXPIRES) - passed)
}

async function refreshAuth(frame) {
  try {
    const tokens = await send('/_browser/refresh', { sid: frame.sid })
    Object.assign(frame.init, tokens)
    frame.authorised_at = performance.now()
    return tokens
  } catch (error) {
    notify(error.message, 'error')
    return NO_ANSWER
  }
}

async function setInstallFinish(frame) {
  if (!frame.init.INSTALL) return NO_ANSWER
  try {
    const { url } = await send('/_browser/install_finish', { sid: frame.sid })
    top.location.assign(url) // takes the slider away together with the page under it
  } catch (error) {
    notify(error.message, 'error')
  }
  return NO_ANSWER
}

async function setOption(frame, kind, { name, value }) {
  if (kind === 'app' && !frame.init.IS_ADMIN) return NO_ANSWER
  const options = await send('/_browser/option', { kind, name, value: JSON.stringify(value ?? null) })
  frame.init[kind === 'app' ? 'APP_OPTIONS' : 'USER_OPTIONS'] = options
  return kind === 'app' ? options : { name, value }
}

function resizeWindow(frame, { width, height }) {
  if (Number(height) > 0) frame.node.style.height = `${Number(height)}px`
  if (width) frame.node.style.width = typeof width === 'string' && width.endsWith('%') ? width : `${Number(width)}px`
  return { width, height }
}

function openApplication(frame, params) {
  const { bx24_width: width, bx24_title: title, bx24_label: label, bx24_leftBoundary: _, ...options } = params || {}
  const query = new URLSearchParams({ IFRAME: 'Y', IFRAME_TYPE: 'SIDE_SLIDER', options: JSON.stringify(options) })
  return new Promise((resolve) => {
    openSlider(`${frame.app_page}?${query}`, { width, title, label, onClose: () => resolve(undefined) })
  })
}

function openPath(frame, { path: raw } = {}) {
  const { path, width, allowed } = readPath(raw)
  if (!allowed) return { result: 'error', errorCode: 'PATH_NOT_AVAILABLE' }
  return new Promise((resolve) => {
    openSlider(inSlider(path), { width, onClose: () => resolve({ result: 'close' }) })
  })
}

function inSlider(path) {
  const url = new URL(path, location.origin)
  url.searchParams.set('IFRAME', 'Y')
  url.searchParams.set('IFRAME_TYPE', 'SIDE_SLIDER')
  return url.pathname + url.search
}

async function chosen(promise) {
  return (await promise) ?? NO_ANSWER
}

function quietly(deed) {
  deed()
  return NO_ANSWER
}

function openDialog(dialogId) {
  openSlider(`/online/?IFRAME=Y&dialog=${encodeURIComponent(dialogId ?? '')}`)
}

function retitle(title) {
  document.title = String(title)
  const heading = document.querySelector('[data-title]')
  if (heading) heading.textContent = String(title)
}

function placementBindEvent(frame, { event }, key) {
  if (frame.events.includes(event)) frame.bound.set(event, [...(frame.bound.get(event) ?? []), key])
  return NO_ANSWER
}

function composer() {
  return document.querySelector('[data-composer]')
}

function writeComposer(frame, { text = '', withNewLine = false, replace = false }) {
  const area = composer()
  if (!area) return NO_ANSWER
  area.value = replace ? text : area.value + (withNewLine && area.value ? '\n' : '') + text
  area.focus()
  return undefined
}
