/** Settings of the mock: portals, published rules with versions and drafts, dry run, lists of Bitrix24. All made up. */

const MINUTE = 60_000

export function makeSettings({ me, tell, raise }) {
  const ago = (minutes) => new Date(Date.now() - minutes * MINUTE).toISOString()
  const anna = { id: '1', name: 'Анна Администратор' }
  const boris = { id: me.id, name: me.name }
  const stages = () => ({ lead_stage: '', category_id: null, deal_stage: '' })
  const rule = (param, value, operator = 'equals') => ({ join: 'and', items: [{ param, operator, value }] })
  const first = () => ({
    active: true, channels: null, responsible_id: null, responsibles: [], create_primary: ['deal'], create_repeat: [], comment_priority: 'deal',
    pipelines_primary: { rows: [], default: stages() }, pipelines_repeat: { rows: [], default: stages() }, transcript: 'online', copy_to_contact_company: false,
    filter: [], filter_default: 'allow', titles: { lead: '', deal: '', activity: '' }, fields: [], write_to_closed: false, deadline_minutes: 60
  })
  const third = () => ({
    ...first(), channels: ['1', '2'], responsible_id: '2',
    responsibles: [{ id: 'r1', when: rule('site_domain_name', 'shop.example'), user_id: '3' }],
    pipelines_primary: { rows: [{ id: 'p1', when: { join: 'and', items: [{ param: 'channel_type', operator: 'equals', value: 'telegram' }, { param: 'city', operator: 'equals', value: 'Казань' }] }, verdict: 'allow', stages: { lead_stage: 'NEW', category_id: '2', deal_stage: 'C2:NEW' } }], default: stages() },
    filter: [{ id: 'f1', when: rule('first_message', 'вакансия', 'includes'), verdict: 'denied' }],
    titles: { lead: '', deal: '{channel_type}: {visitor_phone}', activity: '' }, fields: [{ id: 'x1', entity: 'deal', field: 'UF_CRM_SITE', value: '{site_domain_name}' }]
  })
  const kinds = {
    chats: { versions: [version(1, first(), anna, 9000), version(2, { ...first(), channels: ['1', '2'] }, boris, 4000, 'Viber пока не передаём'), version(3, third(), anna, 300, 'Казань — в свою воронку')], draft: null },
    requests: { versions: [], draft: null }
  }
  let linesActive = false
  const portals = [
    { id: '1', name: 'Магазин у дома', domain: 'https://portal.example', kind: 'cloud', status: 'active', integration_active: true, parts: { chats: true, requests: true, open_lines: false }, current: true, may_open: false, waiting: false },
    { id: '2', name: 'Опт', domain: 'https://b24.wholesale.example', kind: 'box', status: 'active', integration_active: false, parts: { chats: true, requests: false, open_lines: false }, current: false, may_open: true, waiting: false },
    { id: 'i3', name: 'Филиал в Казани', domain: 'https://kazan.example', kind: 'cloud', status: 'new', integration_active: false, parts: { chats: false, requests: false, open_lines: false }, current: false, may_open: true, waiting: true }
  ]
  let configurers = [{ id: '3', name: 'Вера Менеджер', photo_url: null }]
  const people = ['Анна Администратор', me.name, 'Вера Менеджер', ...Array.from({ length: 40 }, (_, at) => `${['Ирина', 'Олег', 'Наталья', 'Максим', 'Софья'][at % 5]} ${['Белова', 'Громов', 'Ким', 'Лебедева', 'Тихонов', 'Юсупова', 'Чернов', 'Мельник'][at % 8]}`)]
    .map((name, at) => ({ id: String(at + 1), name, photo_url: null, position: at % 3 ? 'Менеджер по продажам' : 'Оператор', departments: [String(1 + (at % 3))] }))
  const field = (entity, code, title, type = 'string', more = {}) => ({ code, entity, title, type, multiple: false, required: false, read_only: false, items: [], status_type: '', ...more })
  const directory = {
    fetched_at: ago(3), refreshing: false, error: null, users: people,
    departments: [{ id: '1', name: 'Продажи', parent: null }, { id: '2', name: 'Поддержка', parent: null }, { id: '3', name: 'Склад', parent: '1' }],
    pipelines: [
      { id: '0', name: 'Общая', stages: [['NEW', 'Новая', '#39a8ef'], ['PREPARATION', 'Подготовка документов', '#2fc6f6'], ['WON', 'Сделка успешна', '#7bd500', 'S'], ['LOSE', 'Сделка провалена', '#ff5752', 'F']].map(([id, name, color, semantics = 'P']) => ({ id, name, color, semantics })) },
      { id: '2', name: 'Казань', stages: [['C2:NEW', 'Первый контакт', '#39a8ef'], ['C2:WON', 'Оплачено', '#7bd500', 'S']].map(([id, name, color, semantics = 'P']) => ({ id, name, color, semantics })) }
    ],
    lead_stages: [['NEW', 'Не обработан', '#39a8ef'], ['IN_PROCESS', 'В работе', '#2fc6f6'], ['CONVERTED', 'Качественный лид', '#7bd500', 'S']].map(([id, name, color, semantics = 'P']) => ({ id, name, color, semantics })),
    sources: [{ id: 'WEB', name: 'Веб-сайт' }],
    fields: {
      lead: [field('lead', 'TITLE', 'Название'), field('lead', 'UF_CRM_SITE', 'Сайт')],
      deal: [field('deal', 'UF_CRM_SITE', 'Сайт'), field('deal', 'OPPORTUNITY', 'Сумма', 'money'), field('deal', 'UF_CRM_COLOR', 'Цвет', 'enumeration', { items: [['81', 'Красный'], ['82', 'Синий']] })],
      contact: [field('contact', 'UF_CRM_CITY', 'Город')]
    },
    leads_exist: true, zone: 'Europe/Moscow'
  }
  const text = ['equals', 'not_equals', 'includes', 'excludes', 'has_data', 'no_data']
  const parameter = (name, title, type = 'text', operators = text, options = []) => ({ name, title, type, operators, options })
  const parameters = { groups: [
    { id: 'communication', title: 'Обращение', items: [parameter('communication_hour', 'Час обращения', 'number', ['greater', 'less', 'equals'])] },
    { id: 'chat', title: 'Чат', items: [parameter('channel_type', 'Тип канала', 'enum', ['equals', 'not_equals'], ['telegram', 'webchat', 'whatsapp']), parameter('channel_id', 'Канал', 'enum', ['equals', 'not_equals']), parameter('visitor_phone', 'Телефон посетителя', 'phone'), parameter('first_message', 'Первое сообщение')] },
    { id: 'site', title: 'Сайт', items: [parameter('site_domain_name', 'Сайт')] },
    { id: 'visitor', title: 'Посетитель', items: [parameter('city', 'Город')] }
  ] }

  function version(number, document, user, minutes, note = '') {
    return { version: number, document, user, at: ago(minutes), note }
  }

  function kindOf(name) {
    return kinds[name] ?? raise(404, 'not_found', 'No such settings.')
  }

  function shown(name) {
    const { versions, draft } = kindOf(name)
    const last = versions.at(-1)
    return { kind: name, version: last?.version ?? 0, document: last?.document ?? first(), draft, updated_at: last?.at ?? null, user: last?.user ?? null, leads_exist: true, lines_active: linesActive }
  }

  function documentOf(name, number) {
    if (number === 'draft') return kindOf(name).draft?.document ?? shown(name).document
    return kindOf(name).versions.find((one) => one.version === Number(number))?.document ?? first()
  }

  function refusals(document) {
    const fields = {}
    if (!document.create_primary.some((one) => one !== 'activity')) fields.create_primary = 'Выберите лид или сделку: чаты привязываются к ним.'
    document.responsibles.forEach((row, at) => { if (!row.user_id) fields[`responsibles.${at}.user_id`] = 'Выберите сотрудника.' })
    const lists = { responsibles: document.responsibles, filter: document.filter, 'pipelines_primary.rows': document.pipelines_primary.rows, 'pipelines_repeat.rows': document.pipelines_repeat.rows }
    for (const [path, rows] of Object.entries(lists)) rows.forEach((row, at) => row.when.items.forEach((item, place) => { if (item.param === '') fields[`${path}.${at}.when.items.${place}.param`] = 'Выберите параметр.' }))
    return fields
  }

  function publish(name, document, note, user = boris) {
    const at = new Date().toISOString()
    const { versions } = kindOf(name)
    versions.push({ version: (versions.at(-1)?.version ?? 0) + 1, document, user, at, note })
    kinds[name].draft = null
    tell('settings', { kind: name, version: versions.at(-1).version })
    return shown(name)
  }

  function changes(before, after, path = '') {
    if (JSON.stringify(before) === JSON.stringify(after)) return []
    const rows = (value) => Array.isArray(value) && value.length > 0 && value.every((one) => one?.id)
    if (rows(before) || rows(after)) {
      const ids = [...new Set([...(before ?? []), ...(after ?? [])].map((row) => row.id))]
      const of = (list, id) => (list ?? []).find((row) => row.id === id) ?? null
      return ids.flatMap((id) => (of(before, id) && of(after, id) ? changes(of(before, id), of(after, id), `${path}.${id}`) : [{ path: `${path}.${id}`, before: of(before, id), after: of(after, id) }]))
    }
    const plain = (value) => typeof value === 'object' && value && !Array.isArray(value) && !('join' in value)
    if (!plain(before) || !plain(after)) return [{ path, before, after }]
    return Object.keys(after).flatMap((name) => changes(before[name], after[name], path ? `${path}.${name}` : name))
  }

  function outcome(more = {}) {
    return { kind: 'primary', create: ['contact', 'deal'], targets: [], responsible_id: '2', stages: stages(), allowed: true, titles: {}, ...more }
  }

  async function dryRun(limit) {
    await new Promise((done) => setTimeout(done, 900))
    const item = (id, kind, title, minutes, before, after) => ({ decision_id: id, inquiry: { kind, id, title, at: ago(minutes) }, before, after, differences: ['stages'] })
    const items = [
      item('901', 'chat', 'Анна Воронцова', 40, outcome(), outcome({ responsible_id: '3', stages: { lead_stage: '', category_id: '2', deal_stage: 'C2:NEW' } })),
      item('899', 'chat', 'Дмитрий Петров', 300, outcome({ kind: 'repeat', create: [], targets: [{ type: 2, id: 48058 }] }), outcome({ kind: 'repeat', create: [], targets: [{ type: 2, id: 48058 }, { type: 1, id: 702 }] })),
      item('870', 'chat', '', 2100, outcome(), outcome({ kind: 'filtered', create: [], allowed: false, responsible_id: null })),
      item('866', 'chat', 'Руслан Смирнов', 3100, outcome({ kind: 'filtered', create: [], allowed: false, responsible_id: null }), null)
    ]
    return { checked: Math.min(limit, 164), changed: 5, unknown: 2, items }
  }

  const routes = [
    ['GET', /^\/settings\/parameters$/, () => parameters],
    ['GET', /^\/settings\/(\w+)$/, ([name]) => shown(name)],
    ['PUT', /^\/settings\/(\w+)$/, ([name], { body }) => {
      if (body.version !== shown(name).version) raise(409, 'stale', 'Эти настройки тем временем опубликовал кто-то другой.')
      const fields = refusals(body.document)
      if (Object.keys(fields).length) raise(400, 'invalid', 'Настройки не подходят.', fields)
      return publish(name, body.document, body.note ?? '')
    }],
    ['PUT', /^\/settings\/(\w+)\/draft$/, ([name], { body }) => ({ draft: (kindOf(name).draft = { document: body.document, user: boris, at: new Date().toISOString() }) })],
    ['DELETE', /^\/settings\/(\w+)\/draft$/, ([name]) => { kindOf(name).draft = null }],
    ['POST', /^\/settings\/(\w+)\/check$/, (_, { body }) => ({ fields: refusals(body.document) })],
    ['GET', /^\/settings\/(\w+)\/versions$/, ([name]) => ({ items: kindOf(name).versions.map((one) => ({ version: one.version, user: one.user, at: one.at, note: one.note, changes: changes(documentOf(name, one.version - 1), one.document).length })).reverse(), next: null })],
    ['GET', /^\/settings\/(\w+)\/versions\/(\d+)$/, ([name, number]) => kindOf(name).versions.find((one) => one.version === Number(number)) ?? raise(404, 'not_found', 'No such version.')],
    ['GET', /^\/settings\/(\w+)\/compare$/, ([name], { query }) => ({ items: changes(documentOf(name, query.get('from')), documentOf(name, query.get('to'))) })],
    ['POST', /^\/settings\/(\w+)\/rollback$/, ([name], { body }) => publish(name, documentOf(name, body.version), `← ${body.version}`)],
    ['POST', /^\/settings\/(\w+)\/preview$/, (_, { body }) => ({ text: body.template.replace(/\{(\w+)\}/g, (_whole, name) => ({ visitor_phone: '+7 970 837-76-11', channel_type: 'Telegram' })[name] ?? name), unknown: [] })],
    ['POST', /^\/settings\/(\w+)\/dry_run$/, (_, { body }) => dryRun(body.limit)],
    ['GET', /^\/directory$/, () => directory],
    ['POST', /^\/directory\/refresh$/, () => {
      directory.refreshing = true
      setTimeout(() => { Object.assign(directory, { refreshing: false, fetched_at: new Date().toISOString() }); tell('directory', {}) }, 1500)
    }],
    ['GET', /^\/portals$/, () => ({ items: portals, next: null })],
    ['POST', /^\/portals$/, (_, { body }) => {
      if (portals.some((one) => one.domain.replace(/^https:\/\//, '') === body.domain.replace(/^https:\/\//, ''))) raise(400, 'invalid', 'Проверьте поля.', { domain: 'Этот портал уже есть в списке.' })
      const made = { ...portals[2], id: `i${portals.length + 10}`, name: body.name, domain: body.domain }
      portals.push(made)
      return made
    }],
    ['PUT', /^\/portals\/(\w+)$/, async ([id], { body }) => {
      await new Promise((done) => setTimeout(done, 300))
      const portal = portals.find((one) => one.id === id)
      const { parts = {}, ...plain } = body
      Object.assign(portal, plain, { parts: { ...portal.parts, ...parts } })
      if (parts.open_lines) portal.integration_active = true
      if (portal.current) linesActive = portal.parts.open_lines
      for (const name of ['chats', 'requests']) if (name in parts && shown(name).document.active !== parts[name]) publish(name, { ...shown(name).document, active: parts[name] }, '')
      return portal
    }],
    ['DELETE', /^\/portals\/(\w+)$/, ([id]) => { portals.splice(portals.findIndex((one) => one.id === id), 1) }],
    ['POST', /^\/portals\/(\w+)\/open$/, ([id]) => ({ url: `https://${portals.find((one) => one.id === id).domain.replace(/^https:\/\//, '')}/signin` })],
    ['GET', /^\/configurers$/, () => ({ items: configurers })],
    ['PUT', /^\/configurers$/, (_, { body }) => {
      configurers = body.user_ids.map((id) => people.find((one) => one.id === id)).map(({ id, name, photo_url }) => ({ id, name, photo_url }))
      return { items: configurers }
    }]
  ]

  const control = {
    /** A colleague publishes: POST /_mock/publish {"kind","what"}. */
    publish: ({ kind = 'chats', what = {} }) => publish(kind, { ...shown(kind).document, ...what }, 'Коллега', anna),
    directory: (what) => Object.assign(directory, what)
  }
  return { routes, control }
}
