/** The journal of the mock: made-up decisions of the last two weeks, and new ones by POST /_mock/decide. */

const MINUTE = 60_000
const ORIGIN = 'http://localhost:7200'
const NAMES = ['Анна Воронцова', 'Сергей Новиков', '', 'Марина Белова-Преображенская, отдел оптовых закупок', 'Тимур', 'Ольга П.']
const CHANNELS = [['telegram', 'Магазин чайников'], ['webchat', 'Сайт shop.example'], ['whatsapp_green', 'Отдел продаж'], ['email', 'zakaz@shop.example']]
const TITLES = { primary: 'Первичное обращение', repeat: 'Повторное обращение', known: 'Карточка уже есть', filtered: 'Не пропущено в CRM фильтром', none: 'В CRM ничего не записано', moved: 'Сменилось место в CRM' }
const KINDS = ['primary', 'repeat', 'primary', 'filtered', 'known', 'moved', 'primary', 'failed', 'none', 'repeat']

export function makeJournal({ tell }) {
  let last = 200
  let entries = []
  for (let at = 0; at < 70; at += 1) entries.unshift(entry(++last, KINDS[(69 - at) % KINDS.length], (69 - at) * 240 + 3))

  function entry(number, kind, minutes) {
    const [channel, name] = CHANNELS[number % CHANNELS.length]
    const request = number % 5 === 0
    const card = (type, id, made) => ({ type, id, url: id ? `${ORIGIN}/crm/${type}/details/${id}/` : null, made })
    const targets = {
      primary: [card('deal', String(48000 + number), true)], repeat: [card('deal', '48058', false)], known: [card('lead', '901', false)],
      moved: number % 2 ? [card('deal', '11', false)] : [], failed: [card('lead', '915', true), card('deal', null, true)]
    }
    const reasons = {
      filtered: ['Строка 1 фильтра не пропускает обращение в CRM.'], none: ['Интеграция с этим Битрикс24 выключена.'],
      moved: [number % 2 ? 'Лид 901 стал сделкой 11, чат перешёл за ним.' : 'Карточка 11 закрыта; сказанное дальше попадёт туда, куда направят настройки.']
    }
    const client = NAMES[number % NAMES.length]
    return {
      id: String(number), at: new Date(Date.now() - minutes * MINUTE).toISOString(), state: 'done', moved: kind === 'moved',
      kind: { failed: 'primary', moved: 'known' }[kind] ?? kind, kind_title: TITLES[kind] ?? TITLES.primary,
      error: kind === 'failed' ? 'Обязательное поле «Источник рекламы» не заполнено.' : '', reasons: reasons[kind] ?? ['Настройки создают сделку.'], targets: targets[kind] ?? [],
      inquiry: { kind: request ? 'request' : 'chat', id: String(number % 90), name: client, channel: { kind: channel, name }, phone: number % 3 && client ? '' : '+79708377611', email: '' }
    }
  }

  function fits(one, query) {
    const [kind, result, since, search] = ['settings_kind', 'result', 'since', 'search'].map((name) => query.get(name))
    if (kind && (one.inquiry.kind === 'chat') !== (kind === 'chats')) return false
    if (result && (result === 'failed' ? !one.error : one.kind !== result)) return false
    if (since && one.at < since) return false
    return !search || `${one.inquiry.name} ${one.inquiry.phone}`.toLowerCase().includes(search.toLowerCase())
  }

  async function list(_, { query }) {
    await new Promise((done) => setTimeout(done, 250))
    const limit = Number(query.get('limit') ?? 30)
    const all = entries.filter((one) => fits(one, query) && (!query.get('cursor') || Number(one.id) < Number(query.get('cursor'))))
    return { items: all.slice(0, limit), next: all.length > limit ? all[limit - 1].id : null }
  }

  function moved([id]) {
    const found = entries.find((one) => one.id === id)
    const result = { create: [], targets: found.targets, copies: [], responsible: null, lead_stage: null, pipeline: null, deal_stage: null, titles: {}, fields: {} }
    return { ...found, settings: { kind: 'chats', version: 3, at: found.at, user: 'Анна Администратор' }, parameters: [], steps: [], candidates: [], result, calls: [], requests: [], others: [] }
  }

  function decide({ kind = 'primary' }) {
    entries.unshift(entry(++last, kind, 0))
    tell('decision', { id: String(last), conversation_id: '1', request_id: null })
  }

  const routes = [['GET', /^\/decisions$/, list], ['GET', /^\/decisions\/([2-9]\d\d)$/, moved]]
  return { routes, control: { decide, journal: ({ empty }) => { if (empty) entries = [] } } }
}
