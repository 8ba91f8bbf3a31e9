// Clients who write with the shop's own account.
const by = (id) => document.getElementById(id)
let me = Number(new URLSearchParams(location.search).get('user')) || 0
let shown = ''

const ask = async (path, body) => {
  const options = body ? { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : {}
  return (await fetch(`/_sandbox/${path}`, options)).json()
}

const made = (tag, text, attributes = {}) => Object.assign(document.createElement(tag), { textContent: text, ...attributes })

const line = (one) => {
  const row = made('li', '', { className: one.out ? '' : 'ours' })
  row.dataset.test = one.out ? 'message-in' : 'message-out'
  row.append(made('p', one.text || (one.file ? `📎 ${one.file.name || 'файл'}` : '')))
  return row
}

const show = async () => {
  const { people, messages, owner, waiting, code } = await ask('state')
  me ||= people[0].id
  const now = JSON.stringify([people, messages, waiting, me])
  if (now === shown) return
  shown = now
  by('phone').textContent = owner.phone
  by('code').textContent = code
  by('login').hidden = !waiting
  by('people').replaceChildren(...people.map((one) => {
    const button = made('button', `${one.first_name} ${one.last_name}`, { type: 'button', title: one.phone, onclick: () => { me = one.id; show() } })
    button.setAttribute('aria-pressed', String(one.id === me))
    return button
  }))
  const lines = messages.filter((one) => one.peer === me).map(line)
  by('messages').replaceChildren(...(lines.length ? lines : [made('li', 'Сообщений пока нет.', { className: 'empty' })]))
  by('messages').scrollTop = by('messages').scrollHeight
}

by('scan').addEventListener('click', async () => { await ask('set', { scanned: true }); show() })
by('say').addEventListener('submit', async (event) => {
  event.preventDefault()
  await ask('say', { user_id: me, text: by('text').value })
  by('say').reset()
  show()
})

show()
setInterval(show, 1000)
