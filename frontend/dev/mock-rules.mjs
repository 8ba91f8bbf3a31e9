/** Made-up directories, parameters and rules for the settings screens of the mock. Nothing here is real. */

const NAMES = ['Анна Смирнова', 'Борис Кузнецов', 'Вера Попова', 'Глеб Соколов', 'Дарья Лебедева', 'Егор Козлов', 'Жанна Новикова', 'Илья Морозов', 'Кира Волкова', 'Лев Павлов']
const POSITIONS = ['Менеджер по продажам', 'Руководитель отдела', 'Специалист поддержки', '']

const TEXTS = ['equals', 'not_equals', 'includes', 'excludes', 'has_data', 'no_data']
const CHOICES = ['equals', 'not_equals', 'has_data', 'no_data']
const MEASURES = ['equals', 'not_equals', 'greater', 'less', 'has_data', 'no_data']
const OPERATORS = { text: TEXTS, list: TEXTS, phone: TEXTS, email: TEXTS, url: TEXTS, number: MEASURES, date: MEASURES, enum: CHOICES, bool: CHOICES }

function parameter(name, title, type = 'text', options = []) {
  return { name, title, type, operators: OPERATORS[type], options: options.map(([value]) => value), option_titles: options.map(([, said]) => said) }
}

const WEEKDAYS = ['Понедельник', 'Вторник', 'Среда', 'Четверг', 'Пятница', 'Суббота', 'Воскресенье'].map((title, at) => [String(at + 1), title])

export const parameters = [
  { id: 'communication', title: 'Обращение', items: [
    parameter('communication_type', 'Тип обращения', 'enum', [['chat', 'Чат'], ['request', 'Заявка']]),
    parameter('communication_id', 'ID обращения'),
    parameter('communication_date_time', 'Дата / время', 'date'),
    parameter('communication_hour', 'Час обращения', 'number'),
    parameter('communication_weekday', 'День недели обращения', 'enum', WEEKDAYS),
    parameter('communication_page_url', 'Страница обращения', 'url'),
    parameter('is_communication_with_visit', 'Есть посещение сайта', 'bool'),
    parameter('tags', 'Теги', 'list'),
    parameter('source', 'Источник')
  ] },
  { id: 'chat', title: 'Чат', items: [
    parameter('channel_type', 'Тип канала'), parameter('channel_id', 'ID канала'), parameter('channel_name', 'Название канала'),
    parameter('visitor_phone', 'Телефон посетителя', 'phone'), parameter('visitor_name', 'Имя посетителя'), parameter('visitor_email', 'E-mail посетителя', 'email'),
    parameter('first_message', 'Первое сообщение')
  ] },
  { id: 'request', title: 'Заявка', items: [parameter('offline_message_form_name', 'Форма заявки'), parameter('offline_message_text', 'Текст заявки')] },
  { id: 'site', title: 'Сайт', items: [parameter('site_domain_name', 'Сайт'), parameter('entrance_page', 'Страница входа', 'url'), parameter('search_query', 'Поисковый запрос')] },
  { id: 'utm', title: 'Рекламные метки', items: ['source', 'medium', 'campaign', 'term', 'content'].map((mark) => parameter(`utm_${mark}`, `utm_${mark}`)) },
  { id: 'visitor', title: 'Посетитель', items: [parameter('city', 'Город'), parameter('visitor_type', 'Тип посетителя', 'enum', [['new', 'Новый'], ['returning', 'Вернувшийся']]), parameter('visit_date', 'Дата посещения', 'date')] }
]

function stages(prefix) {
  return [['NEW', 'Новая', '#39A8EF', 'process'], ['PREPARATION', 'Подготовка документов', '#2FC6F6', 'process'], ['EXECUTING', 'В работе', '#55D0E0', 'process'], ['WON', 'Сделка успешна', '#7BD500', 'success'], ['LOSE', 'Сделка провалена', '#FF5752', 'failure']]
    .map(([id, name, color, semantics]) => ({ id: prefix + id, name, color, semantics }))
}

function field(entity, code, title, type, more = {}) {
  return { code, entity, title, type, multiple: false, required: false, read_only: false, items: [], status_type: '', ...more }
}

function fieldsOf(entity) {
  const plain = Array.from({ length: 120 }, (_, at) => field(entity, `UF_CRM_${at + 1}`, `Дополнительное поле ${at + 1}`, ['string', 'integer', 'date', 'boolean'][at % 4]))
  return [
    field(entity, 'COMMENTS', 'Комментарий', 'string'), field(entity, 'sourceId', 'Источник', 'crm_status', { status_type: 'SOURCE' }),
    field(entity, 'UF_CRM_CHANNEL', 'Канал обращения', 'enumeration', { items: [['81', 'Telegram'], ['82', 'WhatsApp'], ['83', 'Сайт']] }),
    field(entity, 'UF_CRM_CALLED', 'Дата обращения', 'datetime'), field(entity, 'UF_CRM_SITE', 'Сайт', 'url'),
    ...(entity === 'deal' ? [field(entity, 'UF_CRM_REGION', 'Регион', 'string', { required: true })] : []),
    field(entity, 'PHONE', 'Телефон', 'phone', { multiple: true }), field(entity, 'createdTime', 'Создано', 'datetime', { read_only: true }), ...plain
  ]
}

export function directory({ leads = true, employees = 420 } = {}) {
  return {
    fetched_at: '2026-11-22T08:00:00Z', refreshing: false, error: null, leads_exist: leads, zone: 'Europe/Moscow',
    users: Array.from({ length: employees }, (_, at) => ({ id: String(at + 1), name: at < 10 ? NAMES[at] : `${NAMES[at % 10]} ${at}`, photo_url: null, position: POSITIONS[at % 4], departments: [String(at % 3 + 1)] })),
    departments: [{ id: '1', name: 'Продажи', parent: null }, { id: '2', name: 'Поддержка', parent: null }, { id: '3', name: 'Сервис', parent: null }],
    pipelines: [{ id: '0', name: 'Общая', stages: stages('') }, { id: '3', name: 'Розница', stages: stages('C3:') }, { id: '5', name: 'Сервис', stages: stages('C5:') }],
    lead_stages: [{ id: 'NEW', name: 'Не обработан', color: '#39A8EF', semantics: 'process' }, { id: 'IN_PROCESS', name: 'В работе', color: '#2FC6F6', semantics: 'process' }, { id: 'JUNK', name: 'Некачественный лид', color: '#FF5752', semantics: 'failure' }],
    sources: [{ id: 'CALL', name: 'Звонок' }, { id: 'WEB', name: 'Веб-сайт' }],
    fields: { lead: fieldsOf('lead'), deal: fieldsOf('deal'), contact: fieldsOf('contact') }
  }
}

const NO_STAGES = { lead_stage: '', category_id: null, deal_stage: '' }
const is = (param, value, operator = 'equals') => ({ param, operator, value })
const all = (...items) => ({ join: 'and', items })
const any = (...items) => ({ join: 'or', items })

/** A shop that has set up something of everything. */
export function rules(kind = 'chats') {
  return {
    active: true, channels: null, responsible_id: null,
    responsibles: [
      { id: 'r1', when: all(is('channel_type', 'telegram'), is('site_domain_name', 'shop.example')), user_id: '1' },
      { id: 'r2', when: all(is('city', ['Казань', 'Набережные Челны']), any(is('utm_source', 'yandex'), is('tags', null, 'has_data'))), user_id: '4' },
      { id: 'r3', when: all(is('communication_weekday', ['6', '7'])), user_id: '9001' }
    ],
    create_primary: kind === 'chats' ? ['deal'] : ['deal', 'activity'], create_repeat: [], comment_priority: 'deal',
    pipelines_primary: {
      rows: [
        { id: 'p1', when: all(is('channel_id', ['1', '3'])), verdict: 'allow', stages: { lead_stage: 'IN_PROCESS', category_id: '3', deal_stage: 'C3:NEW' } },
        { id: 'p2', when: all(is('first_message', 'вакансия', 'includes')), verdict: 'denied', stages: NO_STAGES },
        { id: 'p3', when: all(is('communication_hour', '18', 'greater')), verdict: 'allow', stages: { lead_stage: '', category_id: '5', deal_stage: 'C5:GONE' } }
      ],
      default: { lead_stage: '', category_id: '0', deal_stage: 'NEW' }
    },
    pipelines_repeat: { rows: [], default: NO_STAGES },
    transcript: 'online', copy_to_contact_company: false,
    filter: [{ id: 'f1', when: all(is('first_message', ['реклама', 'спам'], 'includes')), verdict: 'denied' }], filter_default: 'allow',
    titles: { lead: '', deal: '{channel_type}: {visitor_phone} № {communication_id}', activity: '' },
    fields: [
      { id: 'm1', entity: 'deal', field: 'UF_CRM_CHANNEL', value: '{channel_type}' },
      { id: 'm2', entity: 'deal', field: 'UF_CRM_CALLED', value: '{communication_date_time}' },
      { id: 'm3', entity: 'contact', field: 'UF_CRM_LOST', value: '{city}' }
    ],
    write_to_closed: false, deadline_minutes: 60
  }
}

const EXAMPLE = { channel_type: 'telegram', channel_name: 'Магазин', visitor_phone: '+79160001122', visitor_name: 'Анна', communication_id: '77', communication_date_time: '21.11.2026 10:15', site_domain_name: 'shop.example', utm_source: 'yandex', city: 'Казань' }

/** The real application tidies the gaps, too; here an example of it is enough. */
export function preview({ template, field: code }) {
  const known = new Set(parameters.flatMap((group) => group.items.map((item) => item.name)))
  const names = [...template.matchAll(/\{([^{}]+)\}/g)].map((hole) => hole[1])
  const text = template.replace(/\{([^{}]+)\}/g, (_, name) => EXAMPLE[name] ?? '').replace(/\s+/g, ' ').trim()
  const typed = code ? { typed: { value: text || null, problem: code === 'UF_CRM_LOST' ? 'There is no such field in CRM.' : '' } } : {}
  return { text, unknown: names.filter((name) => !known.has(name) && !name.startsWith('custom.')), ...typed }
}
