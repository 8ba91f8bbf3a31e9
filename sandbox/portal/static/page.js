// Behaviour of every page: links to sliders, forms without reload, tabs, menus, the chat's composer.

import { notify } from './dialogs.js'
import { openFrame, startFrames } from './frames.js'
import { refresh, startLive } from './live.js'
import { send } from './server.js'
import { closeSlider, openSlider, startSliders } from './slider.js'
import { localise } from './texts.js'

localise(document)
startSliders()
startFrames()
startLive()
scrollLogs()
addEventListener('click', onClick)
addEventListener('submit', onSubmit)
addEventListener('change', onChange)
addEventListener('keydown', onKey)

function onClick(event) {
  const link = event.target.closest('a[data-slider]')
  if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); openLink(link); return }
  const tab = event.target.closest('[data-tab]')
  if (tab) { event.preventDefault(); showTab(tab.dataset.tab); return }
  const edit = event.target.closest('[data-toggle]')
  if (edit) { toggle(edit.dataset.toggle); return }
  const frame = event.target.closest('[data-show-frame]')
  if (frame) { showFrame(frame.dataset.showFrame); return }
  closeMenus(event.target)
}

function openLink(link) {
  const url = new URL(link.href)
  url.searchParams.set('IFRAME', 'Y')
  openSlider(url.pathname + url.search, { width: link.dataset.slider || null, onClose: refresh })
}

function showTab(name) {
  for (const tab of document.querySelectorAll('[data-tab]')) {
    tab.setAttribute('aria-selected', String(tab.dataset.tab === name))
  }
  for (const panel of document.querySelectorAll('[data-panel]')) {
    panel.hidden = panel.dataset.panel !== name
    const host = panel.querySelector('[data-frame][data-lazy]')
    if (!panel.hidden && host) openFrame(host)
  }
}

function showFrame(id) {
  const host = document.getElementById(id)
  host.hidden = !host.hidden
  if (!host.hidden) openFrame(host.matches('[data-frame]') ? host : host.querySelector('[data-frame]'))
}

function toggle(id) {
  const node = document.getElementById(id)
  node.hidden = !node.hidden
  node.querySelector('input:not([type=hidden]), textarea')?.focus()
}

function closeMenus(target) {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(target)) menu.removeAttribute('open')
  }
}

function onChange(event) {
  if (event.target.matches('[data-submit]')) event.target.form.requestSubmit()
  if (event.target.matches('[data-agree]')) agree(event.target.form)
  if (event.target.matches('input[type=file][data-names]')) nameFiles(event.target)
  if (event.target.matches('select[data-go]')) location.assign(event.target.value)
}

// Installation stays impossible until every agreement is ticked.
function agree(form) {
  const boxes = [...form.querySelectorAll('[data-agree]')]
  form.querySelector('[type=submit]').disabled = !boxes.every((box) => box.checked)
}

function nameFiles(input) {
  const names = [...input.files].map((file) => file.name).join(', ')
  document.getElementById(input.dataset.names).textContent = names
}

async function onSubmit(event) {
  const form = event.target
  if (!form.matches('form[data-send]')) return
  event.preventDefault()
  if (form.dataset.busy) return
  form.dataset.busy = 'yes'
  try {
    await follow(form, await send(form.action, new FormData(form, event.submitter)))
  } catch (error) {
    notify(error.message, 'error')
  } finally {
    delete form.dataset.busy
  }
}

// An answer may lead somewhere: to a page, into a slider, out of one; otherwise the page is refreshed.
async function follow(form, { url, slider, close, notice }) {
  if (form.dataset.send === 'reset') clear(form)
  if (notice) notify(notice)
  if (slider) { openSlider(slider, { onClose: () => location.reload() }); return }
  if (close && window.top !== window) { closeSlider(); return }
  if (url) { location.assign(url); return }
  await refresh()
  if (form.matches('[data-composing]')) scrollLogs()
}

function clear(form) {
  form.reset()
  for (const names of form.querySelectorAll('[data-file-names]')) names.textContent = ''
  form.querySelector('[data-composer]')?.focus()
}

function onKey(event) {
  if (!event.target.matches?.('[data-composer]') || event.key !== 'Enter') return
  if (event.shiftKey || event.isComposing) return
  event.preventDefault()
  event.target.form.requestSubmit()
}

function scrollLogs() {
  for (const log of document.querySelectorAll('[data-stick]')) log.scrollTop = log.scrollHeight
}
