// Small dialogs of the portal: choose people, records or rights; a short notice.

import { read } from './server.js'
import { say } from './texts.js'

/** Lets a person choose from `items` ({id, name, note}); null when cancelled. */
export function choose(title, items, { multiple = false, chosen = [] } = {}) {
  return new Promise((resolve) => {
    const dialog = build(title, multiple)
    const list = dialog.querySelector('.dialog-list')
    for (const item of items) list.append(row(item, multiple, chosen.includes(item.id)))
    dialog.querySelector('.dialog-search').addEventListener('input', (event) => narrow(list, event.target.value))
    dialog.addEventListener('close', () => finish(dialog, items, resolve))
    document.body.append(dialog)
    dialog.showModal()
  })
}

function build(title, multiple) {
  const dialog = document.createElement('dialog')
  dialog.className = 'dialog'
  dialog.innerHTML = '<form method="dialog"><h2></h2><input class="field dialog-search" type="search"><div class="dialog-list"></div><footer><button class="button primary" value="ok"></button><button class="button" value=""></button></footer></form>'
  dialog.querySelector('h2').textContent = title
  dialog.querySelector('.dialog-search').placeholder = say('Search')
  const [accept, cancel] = dialog.querySelectorAll('footer button')
  accept.textContent = say('Choose')
  cancel.textContent = say('Cancel')
  dialog.dataset.multiple = String(multiple)
  return dialog
}

function row(item, multiple, checked) {
  const label = document.createElement('label')
  const input = document.createElement('input')
  Object.assign(input, { type: multiple ? 'checkbox' : 'radio', name: 'item', value: item.id, checked })
  const name = document.createElement('b')
  name.textContent = item.name
  const note = document.createElement('small')
  note.textContent = item.note || ''
  label.append(input, name, note)
  return label
}

function narrow(list, words) {
  const wanted = words.trim().toLowerCase()
  for (const label of list.children) label.hidden = !label.textContent.toLowerCase().includes(wanted)
}

function finish(dialog, items, resolve) {
  const ids = [...dialog.querySelectorAll('input[name=item]:checked')].map((input) => input.value)
  const chosen = items.filter((item) => ids.includes(item.id))
  dialog.remove()
  resolve(dialog.returnValue === 'ok' && chosen.length ? chosen : null)
}

export async function selectUser({ mult = false } = {}) {
  const { items } = await read('/_browser/users')
  const chosen = await choose(say('Choose an employee'), named(items, (user) => user.position), { multiple: mult })
  if (!chosen) return null
  const people = chosen.map(({ note, ...user }) => user)
  return mult ? people : people[0]
}

export async function selectAccess({ value = [] } = {}) {
  const { items } = await read('/_browser/access')
  const taken = Array.isArray(value) ? value : []
  const free = items.filter((item) => !taken.includes(item.id))
  const chosen = await choose(say('Choose access rights'), free, { multiple: true })
  return chosen && chosen.map(({ note, ...right }) => right)
}

export async function selectCRM({ entityType = [], multiple = false, value = {} } = {}) {
  const types = [].concat(entityType).join(',')
  const { items } = await read(`/_browser/crm?types=${encodeURIComponent(types)}`)
  const taken = Object.values(value || {}).flatMap((ids) => Object.values(ids ?? {})).map(String)
  const rows = items.map((item) => ({ ...item, name: item.title, note: item.desc }))
  const chosen = await choose(say('Choose from CRM'), rows, { multiple, chosen: taken })
  return chosen && buckets(chosen)
}

// Buckets are index objects ({0: …}), as the portal sends them, not arrays.
function buckets(chosen) {
  const answer = {}
  for (const { name, note, ...item } of chosen) {
    const bucket = (answer[item.type] ??= {})
    bucket[Object.keys(bucket).length] = item
  }
  return answer
}

function named(items, note) {
  return items.map((item) => ({ ...item, note: note(item) }))
}

/** A short notice at the bottom of the page. */
export function notify(text, kind = 'info') {
  const note = document.createElement('div')
  note.className = `toast ${kind}`
  note.setAttribute('role', kind === 'error' ? 'alert' : 'status')
  note.textContent = text
  document.body.append(note)
  setTimeout(() => note.remove(), 5000)
}
