/** Decisions of the mock: how chats came to their cards, candidates, pins. All made up. */

const MINUTE = 60_000
const ORIGIN = 'http://localhost:7200'

/** Chat 1 has a rich story, 2 was kept out, 3 failed half-way, 4 made a deal, 5 has no decision yet. */
export function makeWhy({ world, tell, raise }) {
  const ago = (minutes) => new Date(Date.now() - minutes * MINUTE).toISOString()
  const card = (type, id) => ({ type, id, url: id ? `${ORIGIN}/crm/${type}/details/${id}/` : null })
  const condition = (param, title, operator, operator_title, expected, actual, result) => ({ result, param, operator, expected, actual, title, operator_title })
  const group = (join, result, ...items) => ({ join, result, items })
  const row = (number, row_id, trace, used = false) => ({ row_id, number, trace, matched: trace.result, used })
  const call = (key, method, state, id = null, error = null, params = {}) => ({ key, method, params, state, id, error })
  const request = (id, method, status, milliseconds, error = '') => ({ id, method, at: ago(5), status, milliseconds, error })

  const candidates = [
    { ...card('deal', '48058'), title: 'Чайники, 10 штук — Анна Воронцова', opened: true, created_at: ago(4000), score: 1500024, chosen: true, reasons: ['Она открыта.', 'Карточки этого типа идут первыми.', 'Свежесть: 1 из 4.', 'Принадлежит контакту 311 клиента.'] },
    { ...card('deal', '47110'), title: 'Гарантийный ремонт чайника с очень длинным названием, которое не помещается в одну строку', opened: true, created_at: ago(42000), score: 1500014, chosen: false, reasons: ['Она открыта.', 'Карточки этого типа идут первыми.', 'Свежесть: 2 из 4.'] },
    { ...card('lead', '901'), title: 'Заявка с сайта', opened: true, created_at: ago(90000), score: 1000004, chosen: false, reasons: ['Она открыта.', 'Свежесть: 3 из 4.'] },
    { ...card('deal', '45001'), title: 'Первый заказ', opened: false, created_at: ago(300000), score: -1, chosen: false, reasons: ['Она закрыта, а закрытые не учитываются.'] }
  ]
  const steps = [
    { id: 'filter', title: 'Фильтр: можно ли передавать в CRM?', rows: [row(1, 'f1', group('and', false, condition('first_message', 'Первое сообщение', 'includes', 'содержит', 'вакансия', 'Здравствуйте! Подскажите, чайник из каталога ещё есть в наличии?', false)))] },
    { id: 'responsible', title: 'Ответственный', rows: [
      row(1, 'r0', group('and', false, condition('communication_hour', 'Час обращения', 'greater', 'больше', 20, 10, false))),
      row(2, 'r1', group('and', true, condition('site_domain_name', 'Сайт', 'equals', 'равно', ['shop.example', 'www.shop.example'], 'shop.example', true)), true),
      row(3, 'r2', group('and', true)), row(4, 'r3', group('and', false, condition('tags', 'Теги', 'has_data', 'есть данные', null, null, false)))
    ] },
    { id: 'pipelines', title: 'Воронка и стадия', rows: [
      row(1, 'p1', group('and', false, condition('channel_type', 'Тип канала', 'equals', 'равно', 'telegram', 'webchat', false), condition('city', 'Город', 'equals', 'равно', 'Казань', 'Казань', true))),
      row(2, 'p2', group('and', true, condition('channel_type', 'Тип канала', 'equals', 'равно', ['webchat', 'whatsapp'], 'webchat', true), group('or', true, condition('city', 'Город', 'equals', 'равно', 'Москва', 'Казань', false), condition('utm_source', 'utm_source', 'includes', 'содержит', 'yandex', 'yandex', true))), true)
    ] }
  ]
  const parameters = [
    { id: 'communication', title: 'Обращение', items: [{ name: 'communication_type', title: 'Вид обращения', value: 'chat' }, { name: 'communication_kinds', title: 'Первичное или повторное', value: 'repeat' }, { name: 'communication_date_time', title: 'Дата / время', value: ago(5) }, { name: 'communication_hour', title: 'Час обращения', value: 10 }, { name: 'is_communication_with_visit', title: 'Есть посещение сайта', value: true }, { name: 'communication_page_url', title: 'Страница обращения', value: 'https://shop.example/catalog/kettles?utm_source=yandex&utm_medium=cpc&utm_campaign=kettles_autumn&yclid=12345678901234567890' }] },
    { id: 'chat', title: 'Чат', items: [{ name: 'channel_type', title: 'Тип канала', value: 'webchat' }, { name: 'channel_name', title: 'Название канала', value: 'Сайт shop.example' }, { name: 'visitor_phone', title: 'Телефон посетителя', value: '+79708377611' }, { name: 'first_message', title: 'Первое сообщение', value: 'Здравствуйте! Подскажите, чайник из каталога ещё есть в наличии?' }] },
    { id: 'site', title: 'Сайт', items: [{ name: 'site_domain_name', title: 'Сайт', value: 'shop.example' }, { name: 'referrer', title: 'Источник перехода', value: 'https://ya.ru/' }] },
    { id: 'utm', title: 'UTM-метки', items: [{ name: 'utm_source', title: 'utm_source', value: 'yandex' }, { name: 'utm_campaign', title: 'utm_campaign', value: 'kettles_autumn' }] },
    { id: 'visitor', title: 'Посетитель', items: [{ name: 'city', title: 'Город', value: 'Казань' }, { name: 'segments', title: 'Сегменты', value: ['Постоянные', 'Чайники'] }] }
  ]
  const nothing = { create: [], targets: [], copies: [], responsible: null, lead_stage: null, pipeline: null, deal_stage: null, titles: {}, fields: {} }
  const titles = { primary: 'Первичное обращение', repeat: 'Повторное обращение', known: 'Карточка уже есть', filtered: 'Не пропущено в CRM фильтром' }

  function decision(id, chat, kind, minutes, more = {}) {
    const { contact, channel } = world().conversation(chat)
    return {
      id, at: ago(minutes), state: 'done', kind, kind_title: titles[kind], reasons: [], targets: more.result?.targets ?? [],
      inquiry: { kind: 'chat', id: chat, name: contact.name, channel: { kind: channel.kind, name: channel.name }, phone: contact.phone ?? '', email: contact.email ?? '' },
      settings: { kind: 'chats', version: 3, at: ago(300), user: 'Анна Администратор' }, parameters, steps, candidates: [], result: nothing, calls: [], requests: [], others: [], ...more
    }
  }

  function all() {
    return [
      decision('71', '1', 'repeat', 5, {
        candidates,
        reasons: ['Ни одна строка фильтра не подошла: обращение пропущено в CRM.', 'Найдено в CRM: лидов 1, сделок 3, контактов 1, компаний 0.', 'Закрытые лиды и сделки по настройкам не учитываются: пропущено 1.', 'Клиент уже есть в CRM: это повторное обращение.', 'Комментарии пишутся сначала в сделки.', 'Сделка 48058 — самая свежая открытая.', 'Настройки создают дело.'],
        result: { ...nothing, create: ['activity'], targets: [card('deal', '48058')], copies: [card('contact', '311')], responsible: { id: '3', name: 'Вера Менеджер' }, titles: { activity: 'Чат на сайте: Анна Воронцова' } },
        calls: [
          call('comment', 'crm.timeline.comment.add', 'done', '5501', null, { fields: { ENTITY_TYPE: 'deal', ENTITY_ID: 48058, COMMENT: 'Анна Воронцова: Здравствуйте! Подскажите, чайник из каталога ещё есть в наличии?' } }),
          call('bind0', 'crm.timeline.bindings.bind', 'done', null, null, { fields: { OWNER_ID: '$result[comment]', ENTITY_TYPE: 'contact', ENTITY_ID: 311 } }),
          call('activity', 'crm.activity.configurable.add', 'done', '912', null, { ownerTypeId: 2, ownerId: 48058 })
        ],
        requests: [request('0f1e2d3c4b5a69788796a5b4c3d2e1f0', 'batch', 200, 214), request('1f1e2d3c4b5a69788796a5b4c3d2e1f0', 'crm.duplicate.findbycomm', 503, 10012, 'QUERY_LIMIT_EXCEEDED'), request('2f1e2d3c4b5a69788796a5b4c3d2e1f0', 'batch', 200, 640)]
      }),
      decision('60', '1', 'primary', 24 * 60 + 190, {
        reasons: ['Ничего из карточек этого клиента в CRM не учитывается: это первичное обращение.', 'Контакт создаётся, потому что у сделки нет своего телефона.', 'Настройки создают сделку.', 'Строка 2 фильтра воронок выбрала стадию.', 'Поле «Сумма» сделки осталось пустым: это не сумма.'],
        result: {
          ...nothing, create: ['contact', 'deal'], targets: [card('deal', null)], responsible: { id: '3', name: 'Вера Менеджер' }, pipeline: { id: '2', name: 'Казань', color: '' }, deal_stage: { id: 'C2:NEW', name: 'Первый контакт', color: '#39a8ef' },
          titles: { deal: 'Чат на сайте: +7 970 837-76-11' }, fields: { deal: { UF_CRM_SITE: 'shop.example', UF_CRM_COLOR: '81' }, contact: { UF_CRM_CITY: 'Казань' } }
        },
        calls: [call('contact', 'crm.item.add', 'done', '311', null, { entityTypeId: 3 }), call('deal', 'crm.item.add', 'done', '48058', null, { entityTypeId: 2 }), call('comment', 'crm.timeline.comment.add', 'done', '5400')]
      }),
      decision('72', '2', 'filtered', 18, { reasons: ['Строка 1 фильтра не пропускает его в CRM.'], steps: [{ ...steps[0], rows: [row(1, 'f1', group('and', true, condition('first_message', 'Первое сообщение', 'includes', 'содержит', 'вакансия', 'Добрый день, ваша вакансия ещё открыта?', true)), true)] }] }),
      decision('73', '3', 'primary', 27, {
        state: 'failed', reasons: ['Ничего из карточек этого клиента в CRM не учитывается: это первичное обращение.', 'Настройки создают сделку.'],
        result: { ...nothing, create: ['contact', 'deal', 'activity'], targets: [card('deal', null)], titles: { deal: 'Telegram: Сергей Новиков' } },
        calls: [call('contact', 'crm.item.add', 'done', '312', null, { entityTypeId: 3, fields: { name: 'Сергей Новиков', originatorId: 'CALLGEAR_CHATS', originId: 'visitor:3' } }), call('deal', 'crm.item.add', 'failed', null, 'Обязательное поле «Источник рекламы» не заполнено.', { entityTypeId: 2 }), call('comment', 'crm.timeline.comment.add', 'not_run')]
      })
    ]
  }

  function page(found) {
    if (!found) raise(404, 'not_found', 'There is no such decision.')
    return { ...found, others: all().filter((one) => one.inquiry.id === found.inquiry.id && one.id !== found.id).map(({ id, at }) => ({ id, at })) }
  }

  function pinned(chat, pin) {
    const conversation = world().conversation(chat)
    Object.assign(conversation, { version: conversation.version + 1, crm: { ...conversation.crm, pin, ...(pin ? { [pin.type]: { id: pin.id, url: pin.url } } : {}) } })
    tell('conversation', conversation)
    return conversation
  }

  const routes = [
    ['GET', /^\/decisions\/(\w+)$/, ([id]) => page(all().find((one) => one.id === id) ?? all()[0])],
    ['GET', /^\/conversations\/(\w+)\/decision$/, ([chat]) => page(all().find((one) => one.inquiry.id === chat) ?? raise(404, 'undecided', 'Nothing has been decided about this chat yet.'))],
    ['GET', /^\/conversations\/(\w+)\/candidates$/, async ([chat]) => {
      await new Promise((done) => setTimeout(done, 400))
      const { deal, pin } = world().conversation(chat).crm
      return { items: candidates.map(({ opened, ...one }) => ({ ...one, open: opened, category_id: one.type === 'deal' ? '0' : null, stage_id: opened ? 'NEW' : 'WON', responsible_id: '2', pinned: pin?.id === one.id, current: deal?.id === one.id && one.type === 'deal' })) }
    }],
    ['PUT', /^\/conversations\/(\w+)\/pin$/, ([chat], { body }) => (body.id === '404' ? raise(404, 'no_card', 'There is no such card in CRM, or you may not see it.') : pinned(chat, card(body.type, body.id)))],
    ['DELETE', /^\/conversations\/(\w+)\/pin$/, ([chat]) => pinned(chat, null)]
  ]
  return { routes }
}
