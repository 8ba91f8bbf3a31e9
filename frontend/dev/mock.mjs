/**
 * A stand-in for the application, to look at the screens without one: `npm run build && npm run mock`.
 * Serves a boot page per placement (`/left_menu?lang=ru&theme=dark`), the API with made-up data and the live socket.
 * What a test wants to happen: POST /_mock/say, /_mock/state, /_mock/fail, /_mock/cut.
 */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeJournal } from './mock-journal.mjs'
import { makeLines } from './mock-lines.mjs'
import { makeSettings } from './mock-settings.mjs'
import { makeWhy } from './mock-why.mjs'
import { readPo } from './po.mjs'
import { makeWorld, raise } from './world.mjs'

const ROOT = fileURLToPath(new URL('../../static/', import.meta.url))
const TEXTS = fileURLToPath(new URL('../../translations/ru/LC_MESSAGES/messages.po', import.meta.url))
const PORT = Number(process.env.PORT ?? 17320)
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json', '.wav': 'audio/wav', '.png': 'image/png' }
const ENTRIES = { left_menu: 'workspace', deal_tab: 'deal', home: 'settings', connector_settings: 'connector', install: 'install' }
const CSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self' ws:; base-uri 'none'; form-action 'self'"

let world = makeWorld()
let settings = makeSettings({ me: world.me, tell, raise })
const journal = makeJournal({ tell })
const why = makeWhy({ world: () => world, tell, raise })
const lines = makeLines({ world: () => world, raise })
let sockets = new Set()
let events = []
let faults = []
let offline = false

function bootOf(placement, query) {
  return {
    token: 'mock', expires_in: 3600, placement, lang: query.get('lang') ?? 'ru', theme: query.get('theme') ?? 'light', version: 'mock',
    portal: { id: '1', domain: 'portal.example', origin: 'http://localhost:7200', status: 'F' },
    user: { ...world.me, admin: query.get('admin') !== '0', may_configure: query.get('admin') !== '0', photo_url: null },
    entity: placement === 'deal_tab' ? { type: 'deal', id: query.get('entity') ?? '48058' } : null,
    connector: placement === 'connector_settings' ? { line: '7', connector: 'callgear_chats', active: query.get('active') === '1' } : null,
    live_after: events.length, preferences: {}, conversation: query.get('conversation'), standalone: query.get('standalone') === '1'
  }
}

function shell(placement, query) {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'dist/manifest.json'), 'utf8'))
  const entry = `src/entries/${ENTRIES[placement]}.ts`
  const css = new Set()
  const js = new Set()
  const walk = (key) => {
    const chunk = manifest[key]
    chunk.css?.forEach((file) => css.add(file))
    chunk.imports?.forEach((file) => { if (!js.has(file)) { js.add(file); walk(file) } })
  }
  walk(entry)
  const boot = bootOf(placement, query)
  return `<!doctype html><html lang="${boot.lang}" class="${boot.theme}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>CallGear</title><link rel="icon" href="data:,">
${[...css].map((file) => `<link rel="stylesheet" href="/static/dist/${file}">`).join('\n')}
${[...js].map((key) => `<link rel="modulepreload" href="/static/dist/${manifest[key].file}">`).join('\n')}
<script type="application/json" id="boot">${JSON.stringify(boot).replace(/</g, '\\u003c')}</script></head>
<body><div id="app"></div><script type="module" src="/static/dist/${manifest[entry].file}"></script></body></html>`
}

function answer(response, status, body, headers = {}) {
  const text = body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(text)
}

function problem(response, status, code, message, fields) {
  answer(response, status, { error: { code, message, ...(fields ? { fields } : {}) } })
}

function tell(kind, data) {
  const event = { id: events.length + 1, kind, data }
  events.push(event)
  for (const socket of sockets) socket.send(event)
}

function catalogue() {
  return { locale: 'ru', messages: readPo(TEXTS) }
}

const API = [
  ['POST', /^\/session\/renew$/, () => ({ token: 'mock', expires_in: 3600 })],
  ['POST', /^\/live\/ticket$/, () => ({ ticket: randomUUID() })],
  ['GET', /^\/events$/, (_, { query }) => ({ items: events.filter((event) => event.id > Number(query.get('after'))), last: events.length })],
  ['GET', /^\/conversations\/counters$/, () => world.counters()],
  ['GET', /^\/conversations$/, (_, { query }) => world.list(query)],
  ['GET', /^\/conversations\/(\w+)$/, ([id]) => world.conversation(id)],
  ['GET', /^\/conversations\/(\w+)\/messages$/, ([id], { query }) => world.page(id, query)],
  ['POST', /^\/conversations\/(\w+)\/messages$/, ([id], { body }) => {
    const message = world.send(id, body)
    later(message, ['sent', 'delivered', 'read'])
    return message
  }],
  ['POST', /^\/conversations\/(\w+)\/messages\/(\w+)\/retry$/, ([id, mid]) => {
    const message = world.change(id, mid, { state: 'sending', error: null })
    later(message, ['sent', 'delivered'])
    return message
  }],
  ['POST', /^\/conversations\/(\w+)\/(accept|close|reopen)$/, ([id, deed]) => {
    const { conversation, message } = world.act(id, deed)
    tell('message', message)
    tell('conversation', conversation)
    return conversation
  }],
  ['POST', /^\/conversations\/(\w+)\/read$/, ([id]) => { tell('conversation', world.read(id)) }],
  ['POST', /^\/conversations\/(\w+)\/typing$/, () => undefined],
  ['PUT', /^\/conversations\/(\w+)\/draft$/, () => undefined],
  ['PUT', /^\/preferences$/, (_, { body }) => body],
  ['GET', /^\/channels$/, () => ({ items: world.channels, next: null })],
  ['GET', /^\/channels\/kinds$/, () => ({ items: world.kinds, next: null })],
  ['POST', /^\/channels$/, (_, { body }) => world.connect(body)],
  ['PATCH', /^\/channels\/(\w+)$/, ([id], { body }) => world.patchChannel(id, body)],
  ['DELETE', /^\/channels\/(\w+)$/, ([id]) => world.dropChannel(id)],
  ['POST', /^\/channels\/(\w+)\/(check|reconnect)$/, ([id]) => world.healChannel(id)],
  ['GET', /^\/lines$/, () => ({ items: world.lines, next: null })],
  ['GET', /^\/lines\/strays$/, () => ({ items: [], next: null })],
  ['GET', /^\/lines\/(\w+)$/, ([id]) => world.line(id)],
  ['PUT', /^\/lines\/(\w+)$/, ([id], { body }) => world.putLine(id, body.channels)],
  ['DELETE', /^\/lines\/(\w+)$/, ([id]) => world.putLine(id, null)],
  ['GET', /^\/operators$/, () => ({ items: world.operators, next: null })],
  ['GET', /^\/install$/, () => world.installation],
  ['POST', /^\/install\/finish$/, () => ({ ok: true })],
  ['POST', /^\/install\/(\w+)$/, ([id]) => world.runStep(id)]
]

function later(message, states) {
  states.forEach((state, at) => setTimeout(() => tell('message', world.change(message.conversation_id, message.id, { state })), 400 * (at + 1)))
}

async function bodyOf(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts)
}

async function api(request, response, url) {
  const path = url.pathname.slice('/api/v1'.length)
  const raw = await bodyOf(request)
  const fault = faults.find((one) => one.times > 0 && new RegExp(one.match).test(`${request.method} ${path}`))
  if (offline) return request.socket.destroy()
  if (fault) {
    fault.times -= 1
    return problem(response, fault.status, fault.code ?? 'fault', fault.message ?? 'Fault of the mock.', fault.fields)
  }
  if (path === '/files') return answer(response, 201, world.file(raw))
  const route = [...settings.routes, ...journal.routes, ...why.routes, ...lines.routes, ...API].find(([method, pattern]) => method === request.method && pattern.test(path))
  if (!route) return problem(response, 404, 'not_found', `No ${request.method} ${path} here.`)
  const body = raw.length && request.headers['content-type']?.includes('json') ? JSON.parse(raw) : {}
  try {
    const result = await route[2](path.match(route[1]).slice(1), { query: url.searchParams, body, language: request.headers['accept-language'] })
    answer(response, result === undefined ? 204 : 200, result)
  } catch (error) {
    problem(response, error.status ?? 500, error.code ?? 'broken', error.message, error.fields)
  }
}

const CONTROL = {
  say: ({ conversation, text }) => { const { message, conversation: chat } = world.say(conversation, text); tell('conversation', chat); tell('message', message); return message },
  typing: ({ conversation }) => tell('typing', { conversation_id: conversation }),
  change: ({ conversation, message, what }) => tell('message', world.change(conversation, message, what)),
  fail: (fault) => { faults.push({ times: 1, status: 500, ...fault }) },
  cut: ({ off = true }) => { offline = off; if (off) for (const socket of sockets) socket.end() },
  reset: ({ empty = false }) => { world = makeWorld({ empty }); settings = makeSettings({ me: world.me, tell, raise }); faults = []; offline = false },
  events: () => events.length
}

function serveFile(response, path) {
  const file = normalize(join(ROOT, path))
  if (!file.startsWith(ROOT) || !existsSync(file)) return answer(response, 404, {})
  response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' })
  createReadStream(file).pipe(response)
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://mock')
  const placement = url.pathname.slice(1)
  if (url.pathname.startsWith('/api/v1/')) return void api(request, response, url)
  if (url.pathname.startsWith('/static/')) return serveFile(response, url.pathname.slice('/static/'.length))
  if (url.pathname.startsWith('/made/')) return serveMade(response, url.pathname)
  if (url.pathname === '/i18n/ru.json') return answer(response, 200, catalogue())
  if (url.pathname.startsWith('/_mock/')) {
    return void bodyOf(request).then((raw) => answer(response, 200, { result: { ...CONTROL, ...settings.control, ...journal.control, ...lines.control }[url.pathname.slice(7)]?.(raw.length ? JSON.parse(raw) : {}) }))
  }
  if (!ENTRIES[placement]) return answer(response, 404, {})
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': CSP })
  response.end(shell(placement, url.searchParams))
})

function serveMade(response, path) {
  const made = world.made(path)
  response.writeHead(200, { 'Content-Type': made.type })
  response.end(made.body)
}

/** Just enough of RFC 6455 for our own client: short masked text in, text out. */
server.on('upgrade', (request, socket) => {
  if (offline) return socket.destroy()
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  const line = { send: (frame) => socket.write(encode(JSON.stringify(frame))), end: () => socket.destroy() }
  const ping = setInterval(() => line.send({ kind: 'ping' }), 15_000)
  socket.on('data', (data) => {
    const frame = decode(data)
    if (!frame?.ticket) return
    for (const event of events.slice(frame.after)) line.send(event)
    line.send({ kind: 'ready', last: events.length })
    sockets.add(line)
  })
  const gone = () => { clearInterval(ping); sockets.delete(line) }
  socket.on('close', gone)
  socket.on('error', gone)
})

function encode(text) {
  const body = Buffer.from(text)
  if (body.length < 126) return Buffer.concat([Buffer.from([0x81, body.length]), body])
  if (body.length < 65536) return Buffer.concat([Buffer.from([0x81, 126, body.length >> 8, body.length & 255]), body])
  const head = Buffer.alloc(10)
  head[0] = 0x81
  head[1] = 127
  head.writeBigUInt64BE(BigInt(body.length), 2)
  return Buffer.concat([head, body])
}

function decode(data) {
  const length = data[1] & 127
  if ((data[0] & 15) !== 1 || length > 125) return null
  const mask = data.subarray(2, 6)
  const text = Buffer.from(data.subarray(6, 6 + length).map((byte, at) => byte ^ mask[at % 4])).toString()
  return JSON.parse(text)
}

server.listen(PORT, '127.0.0.1', () => console.log(`http://127.0.0.1:${PORT}/left_menu?lang=ru&theme=light`))
