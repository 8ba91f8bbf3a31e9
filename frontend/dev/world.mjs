/** Made-up data of the mock: people, chats, channels. Nothing here is real. */

const MINUTE = 60_000
const NAMES = [
  'Анна Воронцова', 'Дмитрий Петров', 'Сергей Новиков', 'Алина Фёдорова', 'Руслан Смирнов', 'Константин Орлов', 'Мария Петрова', 'Екатерина Кузнецова',
  'Павел Смирнов', 'Гость 1042', 'Ольга Романова', 'Илья Захаров', 'Vera Miller', 'Тимур Галиев', 'Юлия Белова', 'Никита Соколов'
]
const TEXTS = [
  'Здравствуйте! Подскажите, товар ещё есть в наличии?', 'Сколько будет скидка, если возьму 10 штук?', 'Когда ждать курьера? Обещали до 18:00, уже половина седьмого…',
  'Спасибо, всё получил', 'Фото состояния пришлите, пожалуйста', 'А доставка в Казань сколько будет стоить?', 'Добрый день, хочу оформить возврат заказа', 'Вы сегодня до скольки работаете?'
]
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="420"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="#8ec5ff"/><stop offset="1" stop-color="#2f6fd0"/></linearGradient></defs><rect width="640" height="420" fill="url(#g)"/><rect x="170" y="150" width="300" height="170" rx="18" fill="#fff" opacity=".85"/><circle cx="250" cy="235" r="46" fill="#2f6fd0" opacity=".6"/></svg>`

export function makeWorld({ empty = false } = {}) {
  const now = Date.now()
  const me = { id: '2', name: 'Борис Операторов' }
  const operators = [{ id: '1', name: 'Анна Администратор', photo_url: null }, { ...me, photo_url: null }, { id: '3', name: 'Вера Менеджер', photo_url: null }]
  const channels = empty ? [] : [
    channel('1', 'telegram', 'Магазин у дома', { external_id: '@callgear_demo_bot', link: 'https://t.me/callgear_demo_bot', secrets_set: ['token'], line: { id: '7', connector: 'callgear_chats' } }),
    channel('2', 'webchat', 'Сайт shop.example', { settings: { sites: ['https://shop.example'], title: 'Напишите нам' }, widget: { key: 'wk_demo', script_url: 'https://chats.example/widget/wk_demo.js', snippet: '<script async src="https://chats.example/widget/wk_demo.js"></script>' } }),
    channel('3', 'telegram', 'Поддержка', { state: 'attention', last_error: 'Telegram answered 401: the token was revoked. Get a new one from @BotFather.', external_id: '@callgear_second_bot', secrets_set: ['token'] })
  ]
  const kinds = [
    { kind: 'telegram', title: 'Telegram', fields: [{ name: 'token', label: 'Токен бота', type: 'secret', required: true, help: 'Откройте @BotFather, команда /newbot, и скопируйте строку вида 123456:ABC…' }] },
    { kind: 'webchat', title: 'Чат на сайте', fields: [{ name: 'sites', label: 'Сайты', type: 'list', required: false, help: 'Адреса, с которых можно писать; пусто — с любых.', default: [] }, { name: 'title', label: 'Заголовок', type: 'text', required: false, default: 'Напишите нам' }, { name: 'consent', label: 'Спрашивать согласие на обработку данных', type: 'bool', required: false, default: false }] }
  ]
  const chats = new Map()
  const logs = new Map()
  let lastId = 1000
  let version = 1

  function channel(id, kind, name, more = {}) {
    return {
      id, kind, name, state: 'working', last_error: null, last_in_at: new Date(now - 4 * MINUTE).toISOString(), last_out_at: new Date(now - 2 * MINUTE).toISOString(), external_id: null, link: null,
      settings: {}, secrets_set: [], line: null, widget: null, silence: { hours: 0, since: null }, waiting: 0, created_at: new Date(now - 9e8).toISOString(), ...more
    }
  }

  function message(conversation_id, direction, text, minutesAgo, more = {}) {
    return {
      id: String(++lastId), conversation_id, version: ++version, direction, origin: direction === 'in' ? 'channel' : direction === 'system' ? 'system' : 'workplace',
      author: direction === 'in' ? null : me, text, attachments: [], quote: null, state: direction === 'in' ? 'received' : 'read', error: null, client_uuid: null,
      at: new Date(Date.now() - minutesAgo * MINUTE).toISOString(), edited_at: null, deleted: false, ...more
    }
  }

  function chat(number, status, minutesAgo, more = {}) {
    const id = String(number)
    const name = NAMES[(number - 1) % NAMES.length]
    const kind = ['telegram', 'webchat', 'telegram', 'whatsapp', 'vk', 'viber'][number % 6]
    const direction = number % 3 ? 'in' : 'out'
    const conversation = {
      id, status, version: ++version, channel: { id: '1', kind, name: { telegram: 'Магазин у дома', webchat: 'Сайт shop.example', whatsapp: 'WhatsApp', vk: 'ВКонтакте', viber: 'Viber' }[kind] },
      contact: { id: `c${number}`, name, phone: number % 2 ? '+7 970 837-76-11' : null, email: number % 4 === 1 ? 'anna@example.com' : null, avatar_url: null, username: kind === 'telegram' ? 'anna_v' : null },
      responsible: status === 'new' ? null : number % 5 === 0 ? { id: '3', name: 'Вера Менеджер', photo_url: null } : { ...me, photo_url: null },
      last_message: { id: 'x', text: TEXTS[number % TEXTS.length], direction, at: new Date(now - minutesAgo * MINUTE).toISOString(), state: 'read' },
      unread: status === 'new' ? 1 + (number % 3) : status === 'active' && direction === 'in' && number % 2 ? number % 120 : 0,
      waiting_since: status !== 'closed' && direction === 'in' ? new Date(now - minutesAgo * MINUTE).toISOString() : null,
      opened_at: new Date(now - (minutesAgo + 200) * MINUTE).toISOString(), accepted_at: status === 'new' ? null : new Date(now - (minutesAgo + 190) * MINUTE).toISOString(),
      closed_at: status === 'closed' ? new Date(now - minutesAgo * MINUTE).toISOString() : null, first_reply_at: null,
      visit: kind === 'webchat' ? { page_url: 'https://shop.example/catalog/kettles?utm_source=yandex', page_title: 'Чайники — магазин у дома', referrer: 'https://ya.ru/', utm: { utm_source: 'yandex', utm_campaign: 'kettles_autumn' } } : { utm: {} },
      line: null, crm: { state: 'done', error: null, deal: { id: '48058', url: '/crm/deal/details/48058/' }, contact: { id: '311', url: '/crm/contact/details/311/' }, lead: null, company: null },
      draft: '', may: mayOf(status), ...more
    }
    chats.set(id, conversation)
    return conversation
  }

  function mayOf(status) {
    return { accept: status === 'new', reply: status === 'active', close: status === 'active', reopen: status === 'closed' }
  }

  function story(id) {
    const picture = { id: 'p1', kind: 'image', name: 'чайник.png', size: 184320, mime: 'image/png', url: '/made/picture.svg', state: 'ready' }
    const first = message(id, 'in', 'Здравствуйте! Подскажите, чайник из каталога ещё есть в наличии?', 24 * 60 + 190)
    logs.set(id, [
      first,
      message(id, 'in', 'Вот этот: https://shop.example/catalog/kettles/42', 24 * 60 + 189),
      message(id, 'system', 'Boris took the chat', 24 * 60 + 186, { system: { code: 'accepted', params: { name: me.name } } }),
      message(id, 'out', 'Добрый день! Да, на складе три штуки. Привезти можем завтра до 18:00.', 24 * 60 + 185, { quote: { id: first.id, text: first.text, author: NAMES[0] } }),
      message(id, 'out', 'Прислать фото?', 24 * 60 + 184, { edited_at: new Date(now).toISOString() }),
      message(id, 'in', 'Да, фото состояния пришлите, пожалуйста', 95),
      message(id, 'out', 'Вот он, упаковка целая', 92, { attachments: [picture], state: 'read' }),
      message(id, 'out', '', 91, { attachments: [{ id: 'd1', kind: 'document', name: 'Гарантийный талон и инструкция по эксплуатации.pdf', size: 2411724, mime: 'application/pdf', url: '/made/a.pdf', state: 'ready' }], state: 'delivered' }),
      message(id, 'in', '', 40, { attachments: [{ id: 'v1', kind: 'voice', name: 'voice.ogg', size: 22000, mime: 'audio/ogg', url: '/made/voice.wav', state: 'ready', duration_seconds: 17 }] }),
      message(id, 'out', 'Итого 4 290 ₽ с доставкой.', 31, { origin: 'line', author: { id: '3', name: 'Вера Менеджер' }, state: 'sent' }),
      message(id, 'out', 'Подтвердите, пожалуйста, адрес.', 30, { state: 'failed', error: { code: 'blocked', message: 'Клиент заблокировал бота.' } }),
      message(id, 'in', '👍', 12),
      message(id, 'in', 'Сообщение', 11, { deleted: true }),
      message(id, 'in', 'Сколько будет скидка, если возьму 10 штук?', 5)
    ])
  }

  if (!empty) {
    chat(1, 'active', 5, { unread: 1, channel: { id: '2', kind: 'webchat', name: 'Сайт shop.example' }, visit: { page_url: 'https://shop.example/catalog/kettles', page_title: 'Чайники — магазин у дома', referrer: 'https://ya.ru/', utm: { utm_source: 'yandex', utm_campaign: 'kettles_autumn' } } })
    story('1')
    for (let number = 2; number <= 9; number += 1) chat(number, 'active', number * 9)
    for (let number = 10; number <= 13; number += 1) chat(number, 'new', (number - 9) * 6 - 5)
    for (let number = 14; number <= 60; number += 1) chat(number, 'closed', number * 140)
  }

  function log(id) {
    if (!logs.has(id)) {
      const many = id === '3' ? 180 : 6
      logs.set(id, Array.from({ length: many }, (_, at) => message(id, at % 3 === 1 ? 'out' : 'in', TEXTS[(at + Number(id)) % TEXTS.length], (many - at) * 17)))
    }
    return logs.get(id)
  }

  function touch(id, what) {
    const changed = { ...chats.get(id), ...what, version: ++version }
    chats.set(id, changed)
    return changed
  }

  function lastOf(one) {
    return { id: one.id, text: one.text, direction: one.direction, at: one.at, state: one.state }
  }

  const world = {
    me, operators, channels, kinds,
    lines: [{ line: { id: '7', name: 'Открытая линия «Магазин»' }, connector: 'callgear_chats', connected: !empty, channels: empty ? [] : ['1'], settings_url: '/contact_center/lines_edit/?ID=7', bitrix: { on: true, connected: !empty }, trouble: '' }],
    installation: { finished: false, steps: [['placements', 'Места: левое меню, вкладки сделки, лида, контакта'], ['events', 'События портала'], ['connector', 'Коннектор Открытых линий'], ['check', 'Проверка связи']].map(([id, title]) => ({ id, title, state: 'wanted', error: null })) },
    counters: () => {
      const all = [...chats.values()]
      const of = (status) => all.filter((one) => one.status === status)
      return { new: of('new').length, active: of('active').length, active_unread: of('active').filter((one) => one.unread).length, closed: of('closed').length }
    },
    list: (query) => {
      const from = Number(query.get('cursor') ?? 0)
      const limit = Number(query.get('limit') ?? 30)
      const search = (query.get('search') ?? '').toLowerCase()
      const entity = query.get('entity_id')
      const all = [...chats.values()].filter((one) => (!query.get('status') || one.status === query.get('status'))
        && (!search || one.contact.name.toLowerCase().includes(search)) && (!entity || (entity === '48058' && ['1', '2', '20'].includes(one.id)) || (entity === '1' && one.id === '1'))
        && (!query.get('mine') || one.responsible?.id === me.id))
        .sort((one, other) => Date.parse(other.last_message.at) - Date.parse(one.last_message.at))
      return { items: all.slice(from, from + limit), next: from + limit < all.length ? String(from + limit) : null }
    },
    conversation: (id) => chats.get(id) ?? raise(404, 'not_found', 'No such chat.'),
    page: (id, query) => {
      const limit = Number(query.get('limit') ?? 50)
      const to = query.get('before') ? Number(query.get('before')) : log(id).length
      const from = Math.max(to - limit, 0)
      return { items: log(id).slice(from, to), next: from ? String(from) : null }
    },
    send: (id, body) => {
      const known = log(id).find((one) => one.client_uuid === body.client_uuid)
      if (known) return known
      const attachments = (body.attachments ?? []).map((file) => files.get(file)).filter(Boolean)
      const quoted = log(id).find((one) => one.id === body.quote_id)
      const sent = message(id, 'out', body.text, 0, { client_uuid: body.client_uuid, state: 'sending', attachments, quote: quoted ? { id: quoted.id, text: quoted.text, author: null } : null })
      log(id).push(sent)
      touch(id, { last_message: lastOf(sent), waiting_since: null, unread: 0 })
      return sent
    },
    say: (id, text) => {
      const said = message(id, 'in', text, 0)
      log(id).push(said)
      return { message: said, conversation: touch(id, { last_message: lastOf(said), unread: chats.get(id).unread + 1, waiting_since: said.at }) }
    },
    change: (id, mid, what) => {
      const at = log(id).findIndex((one) => one.id === mid)
      log(id)[at] = { ...log(id)[at], ...what, version: ++version }
      return log(id)[at]
    },
    act: (id, deed) => {
      const status = { accept: 'active', close: 'closed', reopen: 'active' }[deed]
      if (deed === 'accept' && chats.get(id).status !== 'new') raise(409, 'not_new', 'A colleague has taken this chat.')
      const line = message(id, 'system', deed, 0, { system: { code: { accept: 'accepted', close: 'closed', reopen: 'reopened' }[deed], params: { name: me.name } } })
      log(id).push(line)
      const at = new Date().toISOString()
      return { message: line, conversation: touch(id, { status, responsible: { ...me, photo_url: null }, may: mayOf(status), closed_at: status === 'closed' ? at : null, ...(deed === 'accept' ? { accepted_at: at } : {}) }) }
    },
    read: (id) => touch(id, { unread: 0 }),
    file: (raw) => {
      const head = raw.subarray(0, 400).toString()
      const name = /filename="([^"]*)"/.exec(head)?.[1] ?? 'file'
      const mime = /Content-Type: ([^\r\n]+)/.exec(head)?.[1] ?? 'application/octet-stream'
      const made = { id: `f${files.size + 1}`, kind: mime.startsWith('image/') ? 'image' : 'document', name, size: raw.length, mime, url: mime.startsWith('image/') ? '/made/picture.svg' : '/made/a.pdf', state: 'ready' }
      files.set(made.id, made)
      return made
    },
    made: (path) => (path.endsWith('.svg') ? { type: 'image/svg+xml', body: SVG } : { type: path.endsWith('.wav') ? 'audio/wav' : 'application/pdf', body: '' }),
    connect: (body) => {
      if (body.kind === 'telegram' && !/^\d+:/.test(body.settings.token ?? '')) raise(400, 'invalid', 'Проверьте поля.', { token: 'Telegram не узнал этот токен. Скопируйте его из @BotFather целиком.' })
      const made = channel(String(channels.length + 10), body.kind, body.name || kinds.find((one) => one.kind === body.kind).title, {
        settings: body.settings, last_in_at: null, last_out_at: null,
        ...(body.kind === 'webchat' ? { widget: { key: 'wk_new', script_url: 'https://chats.example/widget/wk_new.js', snippet: '<script async src="https://chats.example/widget/wk_new.js"></script>' } } : { external_id: '@new_bot', link: 'https://t.me/new_bot', secrets_set: ['token'] })
      })
      channels.push(made)
      return made
    },
    patchChannel: (id, what) => Object.assign(channels.find((one) => one.id === id), what),
    dropChannel: (id) => { channels.splice(channels.findIndex((one) => one.id === id), 1) },
    healChannel: (id) => Object.assign(channels.find((one) => one.id === id), { state: 'working', last_error: null }),
    line: (id) => world.lines.find((one) => one.line.id === id) ?? raise(404, 'not_found', 'No such line.'),
    putLine: (id, chosen) => Object.assign(world.line(id), { connected: chosen !== null, channels: chosen ?? [] }),
    runStep: async (id) => {
      await new Promise((done) => setTimeout(done, 500))
      const step = world.installation.steps.find((one) => one.id === id) ?? raise(404, 'not_found', 'No such step.')
      const failing = id === 'connector' && step.state !== 'failed'
      return Object.assign(step, failing ? { state: 'failed', error: 'Битрикс24 ответил 503: слишком много запросов. Подождите минуту и повторите.' } : { state: 'done', error: null })
    }
  }
  const files = new Map()
  return world
}

export function raise(status, code, text, fields) {
  throw Object.assign(new Error(text), { status, code, fields })
}
