/** Settings of Open Lines in the mock: the application's own catalogue and defaults, asked of Python once. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readPo } from './po.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TEXTS = `${ROOT}translations/ru/LC_MESSAGES/messages.po`
const ASK = `
import json
from b24app.actions.line_settings import catalogue
from b24app.rules.line_settings import read
from sandbox.portal.line_config import DEFAULTS
print(json.dumps({"catalogue": catalogue("en"), "document": read({**DEFAULTS, "ACTIVE": "Y", "CRM": "Y", "XML_ID": "shop-1"})}))
`

export function makeLines({ world, raise }) {
  let asked = null
  const kept = new Map()
  const lost = new Set()

  function told() {
    asked ??= JSON.parse(execFileSync(process.env.PYTHON ?? `${ROOT}.venv/bin/python`, ['-c', ASK], { cwd: ROOT, encoding: 'utf8' }))
    return asked
  }

  function catalogue(language) {
    const texts = language === 'ru' ? readPo(TEXTS) : {}
    const say = (text) => (text && typeof texts[text] === 'string' ? texts[text] : text)
    const groups = told().catalogue.groups.map((group) => ({
      ...group, title: say(group.title),
      items: group.items.map((item) => ({ ...item, title: say(item.title), help: say(item.help), options: item.options.map((option) => ({ ...option, title: say(option.title) })) }))
    }))
    return { groups }
  }

  function documentOf(id) {
    if (!kept.has(id)) kept.set(id, { ...told().document, line_name: world().line(id).line.name, queue: [{ type: 'user', id: '1' }, { type: 'department', id: '2' }, { type: 'user', id: '3' }] })
    return kept.get(id)
  }

  function shown(id) {
    const document = documentOf(id)
    const people = [{ id: '1', name: 'Анна Администратор', photo_url: null }, { id: '2', name: 'Борис Операторов', photo_url: null }]
    return { line: { id, name: document.line_name }, document, people, settings_url: `http://localhost:7200/contact_center/lines_edit/?ID=${id}` }
  }

  function save(id, changed) {
    if (changed.line_name === '') raise(400, 'invalid', 'Заполните это поле.', { line_name: 'Заполните это поле.' })
    const before = documentOf(id)
    const left = Object.keys(changed).filter((name) => lost.has(name)).map((field) => ({ field, wanted: changed[field], got: before[field] }))
    const taken = Object.fromEntries(Object.entries(changed).filter(([name]) => !lost.has(name)))
    kept.set(id, { ...before, ...taken })
    return { ...shown(id), not_taken: left, answered: true }
  }

  const routes = [
    ['GET', /^\/lines\/settings\/catalogue$/, (_, { language }) => catalogue(language)],
    ['GET', /^\/lines\/(\w+)\/settings$/, ([id]) => shown(id)],
    ['PUT', /^\/lines\/(\w+)\/settings$/, async ([id], { body }) => {
      await new Promise((done) => setTimeout(done, 500))
      return save(id, body.document)
    }]
  ]
  /** All as at first, and what the portal will not take: POST /_mock/lines {"lost": ["queue"]}. */
  const control = { lines: ({ lost: names }) => { kept.clear(); lost.clear(); names.forEach((name) => lost.add(name)) } }
  return { routes, control }
}
