import { mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { reactive } from 'vue'
import { changedIn, daysOf, matters, moved, pick, spanOf, storedSpan, unitsFor, type LineGroup, type LineSetting } from '../../../src/lib/line-settings'
import LineField from '../../../src/settings/lines/LineField.vue'
import { choices, members } from '../../../src/settings/lines/options'
import { valueText } from '../../../src/settings/lines/wording'
import { RULES } from '../../../src/settings/rules/context'
import { directory } from '../rules/world'

const setting = (more: Partial<LineSetting> = {}): LineSetting => ({
  name: 'max_chat', type: 'number', title: 'Chats', help: '', options: [], open: false, source: '', unit: '', most: 0, when: [], doubtful: false, read_only: false, ...more
})
const groups: LineGroup[] = [{ id: 'other', title: 'Other', items: [setting({ name: 'line_name', type: 'text' }), setting()] }, { id: 'queue', title: 'Queue', items: [setting({ name: 'queue', type: 'queue' })] }]

test('a setting matters while every other one it hangs on says so', () => {
  const text = setting({ when: [{ name: 'worktime_enable', values: [true] }, { name: 'worktime_dayoff_rule', values: ['text'] }] })
  expect(matters(text, { worktime_enable: true, worktime_dayoff_rule: 'text' })).toBe(true)
  expect(matters(text, { worktime_enable: false, worktime_dayoff_rule: 'text' })).toBe(false)
  const alert = setting({ when: [{ name: 'kpi_first_answer_time', values: [] }] })
  expect([0, 60].map((kpi_first_answer_time) => matters(alert, { kpi_first_answer_time }))).toEqual([false, true])
})

test('only what differs is sent', () => {
  const base = { line_name: 'Sales', max_chat: 0, queue: [{ type: 'user' as const, id: '1' }] }
  const names = changedIn(groups, { ...base, max_chat: 3, queue: [] }, base)
  expect(names).toEqual(['max_chat', 'queue'])
  expect(pick(base, names)).toEqual({ max_chat: 0, queue: base.queue })
  expect(changedIn(groups, { ...base }, base)).toEqual([])
})

test.each([
  [0, 'seconds', 0, 'seconds'], [45, 'seconds', 45, 'seconds'], [60, 'seconds', 1, 'minutes'], [5400, 'seconds', 90, 'minutes'],
  [86400, 'seconds', 1, 'days'], [10, 'minutes', 10, 'minutes'], [1440, 'minutes', 1, 'days'], [0, 'minutes', 0, 'minutes']
] as const)('%d %s are %d %s, and back', (value, stored, count, unit) => {
  expect(spanOf(value, stored)).toEqual({ count, unit })
  expect(storedSpan(count, unit, stored)).toBe(value)
})

test('what is kept in minutes is not asked in seconds', () => {
  expect(unitsFor('minutes')).toEqual(['minutes', 'hours', 'days'])
  expect([storedSpan(-1, 'hours', 'seconds'), storedSpan(Number.NaN, 'hours', 'seconds')]).toEqual([null, null])
})

test('holidays are read as people paste them', () => {
  expect(daysOf(['01.01, 23.02', '8.03;01.01'])).toEqual(['01.01', '23.02', '8.03'])
})

test('moving past an end changes nothing', () => {
  expect([moved(['a', 'b'], 0, -1), moved(['a', 'b'], 1, -1), moved(['a', 'b'], 1, 1)]).toEqual([['a', 'b'], ['b', 'a'], ['a', 'b']])
})

test('what only the portal knows can stay chosen', () => {
  const language = setting({ name: 'language_id', type: 'choice', open: true, options: [{ value: 'ru', title: 'Русский' }] })
  expect(choices(language, { language_id: 'kk' }, directory()).map((one) => one.value)).toEqual(['ru', 'kk'])
  expect(choices(language, { language_id: '' }, directory()).map((one) => one.value)).toEqual(['ru'])
})

test('pipelines are offered for deals alone', () => {
  const second = setting({ name: 'crm_create_second', type: 'choice', open: true, source: 'pipelines', options: [{ value: 'N', title: 'No' }] })
  const known = directory()
  expect(choices(second, { crm_create: 'lead', crm_create_second: 'N' }, known)).toHaveLength(1)
  expect(choices(second, { crm_create: 'deal', crm_create_second: 'N' }, known)).toHaveLength(1 + known.pipelines.length)
})

test('values are told in words', () => {
  const known = directory()
  const person = known.users[0]!
  expect(valueText(setting({ type: 'queue' }), [{ type: 'user', id: person.id }], known)).toBe(person.name)
  expect(valueText(setting({ type: 'duration', unit: 'seconds' }), 7200, known)).toBe('2 hours')
  expect(valueText(setting({ type: 'bool' }), false, known)).toBe('No')
  expect(valueText(setting({ type: 'long' }), '', known)).toBe('empty')
})

test('people and departments are told apart', () => {
  const keys = members(directory()).map((one) => one.value)
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys.every((key) => /^(user|department):\d+$/.test(key))).toBe(true)
})

function field(of: LineSetting, value: never, readonly = false) {
  const rules = { props: reactive({ errors: { [of.name]: 'Wrong' }, readonly, directory: directory() }) }
  return mount(LineField, { props: { setting: of, document: { [of.name]: value, worktime_from: '09:00', worktime_to: '18:00' }, answering: [] }, global: { provide: { [RULES as symbol]: rules } } })
}

test('a day of the week is switched off and on', async () => {
  const shown = field(setting({ name: 'worktime_dayoff', type: 'weekdays' }), ['SU'] as never)
  await shown.get('[data-day="SA"]').trigger('click')
  await shown.get('[data-day="SU"]').trigger('click')
  expect(shown.emitted('change')).toEqual([[['SA', 'SU']], [[]]])
  expect(shown.text()).toContain('Wrong')
})

test('a unit chosen for a length of time keeps the number', async () => {
  const shown = field(setting({ name: 'queue_time', type: 'duration', unit: 'seconds' }), 120 as never)
  expect((shown.get('input').element as HTMLInputElement).value).toBe('2')
  await shown.get('select').setValue('hours')
  expect(shown.emitted('change')).toEqual([[7200]])
})

test('nothing can be changed where one may not', () => {
  const shown = field(setting({ name: 'queue', type: 'queue' }), [{ type: 'user', id: '5' }] as never, true)
  expect(shown.findAll('button')).toHaveLength(0)
})
