// The clients' mailboxes: read, write, answer.
const by = (id) => document.getElementById(id)
let me = new URLSearchParams(location.search).get('user') ?? ''
let answering = null
let seen = -1

const ask = async (path, body) => {
  const options = body ? { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : {}
  return (await fetch(`/_sandbox/${path}`, options)).json()
}

const made = (tag, text, attributes = {}) => Object.assign(document.createElement(tag), { textContent: text, ...attributes })

const show = async () => {
  const { items } = await ask(`box/${encodeURIComponent(me)}`)
  by('letters').replaceChildren(...(items.length ? items.map(letter) : [made('li', 'Писем пока нет. Напишите магазину.', { className: 'empty' })]))
  by('letters').scrollTop = by('letters').scrollHeight
}

const letter = (one) => {
  const row = made('li', '', { className: one.ours ? 'ours' : '' })
  row.dataset.test = one.ours ? 'letter-sent' : 'letter-received'
  row.append(made('h2', one.subject || '(без темы)'), made('small', one.ours ? `кому: ${one.to}` : `от: ${one.from}`), made('p', one.text))
  if (one.files.length) row.append(made('small', `Файлы: ${one.files.join(', ')}`))
  if (!one.ours) row.append(made('button', 'Ответить', { type: 'button', onclick: () => answer(one) }))
  return row
}

const answer = (one) => {
  answering = one
  by('subject').value = one.subject.startsWith('Re:') ? one.subject : `Re: ${one.subject}`
  by('answering').textContent = `Ответ на «${one.subject}»`
  by('answering').hidden = false
  by('text').focus()
}

by('compose').addEventListener('submit', async (event) => {
  event.preventDefault()
  const quoted = answering ? `\n\n${answering.from} пишет:\n${answering.text.replace(/^/gm, '> ')}` : ''
  await ask('write', { from: me, subject: by('subject').value, text: by('text').value + quoted, answers: answering?.id ?? null })
  answering = null
  by('answering').hidden = true
  by('compose').reset()
  show()
})

const choose = (address) => {
  me = address
  for (const one of by('people').children) one.setAttribute('aria-pressed', String(one.dataset.address === me))
  show()
}

const begin = async () => {
  const { items, shop, password } = await ask('people')
  by('shop').textContent = shop
  by('password').textContent = password
  for (const { address, name } of items) {
    const one = made('button', name, { type: 'button', title: address, onclick: () => choose(address) })
    one.dataset.address = address
    by('people').append(one)
  }
  choose(me || items[0].address)
  for (;;) {
    try {
      const { version } = await ask(`news?seconds=20&seen=${seen}`)
      if (version !== seen) { seen = version; await show() }
    } catch { await new Promise((again) => setTimeout(again, 2000)) }
  }
}

begin()
