import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { nextTick } from 'vue'
import RulesEditor from '../../../src/settings/rules/RulesEditor.vue'
import type { Directory, Group, RulesDocument } from '../../../src/lib/rules'
import { channel, directory, parameters, rules } from './world'

let shown: VueWrapper | undefined

function open(document: RulesDocument, more: { directory?: Directory; errors?: Record<string, string>; kind?: 'chats' | 'requests'; readonly?: boolean; linesActive?: boolean } = {}) {
  const preview = vi.fn(async () => ({ text: 'Example', unknown: [] }))
  shown = mount(RulesEditor, {
    attachTo: globalThis.document.body,
    props: {
      kind: 'chats', document, directory: directory(), parameters, channels: [channel()], errors: {}, readonly: false, linesActive: false, preview, ...more,
      'onUpdate:document': (changed: RulesDocument) => { void shown?.setProps({ document: changed }) }
    }
  })
  return { editor: shown, now: () => (shown!.props() as { document: RulesDocument }).document, preview }
}

const ids = (document: RulesDocument) => document.responsibles.map((row) => row.id)
const when: Group = { join: 'and', items: [{ param: 'site_domain_name', operator: 'equals', value: 'a.ru' }] }
const three = () => rules({ responsibles: ['r1', 'r2', 'r3'].map((id) => ({ id, when, user_id: '5' })) })

afterEach(() => shown?.unmount())

test('arrows on the handle move a rule, the focus goes with it and the old document stays', async () => {
  const before = three()
  const { editor, now } = open(before)
  await editor.findAll('[data-test="move-row"]')[0]!.trigger('keydown', { key: 'ArrowDown' })
  await nextTick()
  expect(ids(now())).toEqual(['r2', 'r1', 'r3'])
  expect(ids(before)).toEqual(['r1', 'r2', 'r3'])
  expect(globalThis.document.activeElement?.closest('[data-test="row"]')?.getAttribute('data-id')).toBe('r1')
  expect(editor.get('[data-test="rows-responsibles"] > [role="status"]').text()).toContain('2')
})

test('a deleted rule can be brought back to its place', async () => {
  const { editor, now } = open(three())
  await editor.findAll('[data-test="drop-row"]')[1]!.trigger('click')
  expect(ids(now())).toEqual(['r1', 'r3'])
  await editor.get('[data-test="undo-row"]').trigger('click')
  expect(ids(now())).toEqual(['r1', 'r2', 'r3'])
})

test('undo of the page and then a change begins from what the page shows', async () => {
  const before = rules()
  const { editor, now } = open(before)
  await editor.get('[data-test="write-to-closed"]').trigger('click')
  await editor.setProps({ document: before })
  await editor.get('[data-test="copy-to-contact"]').trigger('click')
  expect(now()).toMatchObject({ write_to_closed: false, copy_to_contact_company: true })
})

test('a refusal opens its row and stands at its control', async () => {
  const { editor } = open(three(), { errors: { 'responsibles.1.user_id': 'Nobody works here' } })
  await nextTick()
  const rows = editor.findAll('[data-test="row"]')
  expect(rows.map((row) => row.find('[data-test="condition"]').exists())).toEqual([false, true, false])
  expect(rows[1]!.get('[data-path="responsibles.1.user_id"]').attributes('aria-invalid')).toBe('true')
  expect(rows[1]!.text()).toContain('Nobody works here')
  expect(editor.get('[data-test="go-responsibles"]').text()).toContain('1')
})

test('a dismissed person and a deleted field stay visible by their ids', () => {
  const { editor } = open(rules({ responsible_id: '9001', fields: [{ id: 'm', entity: 'deal', field: 'UF_GONE', value: 'x' }], channels: ['1', '44'] }))
  expect(editor.get('[data-test="responsible-default"]').text()).toContain('9001')
  expect(editor.get('[data-test="field"]').text()).toContain('UF_GONE')
  expect(editor.get('[data-test="channel-list"]').text()).toContain('44')
})

test('without leads a saved lead is a deal and is written as one', async () => {
  const { editor, now } = open(rules({ create_primary: ['lead'] }), { directory: directory({ leads_exist: false }) })
  expect(editor.find('[data-test="create_primary-lead"]').exists()).toBe(false)
  expect(editor.get('[data-test="create_primary-deal"]').attributes('aria-checked')).toBe('true')
  await editor.get('[data-test="create_primary-activity"]').trigger('click')
  expect(now().create_primary).toEqual(['deal', 'activity'])
})

test('the priority says why it does not matter', () => {
  expect(open(rules({ create_repeat: ['activity'] })).editor.find('[data-test="section-priority"] [data-test="idle"]').exists()).toBe(false)
  shown?.unmount()
  expect(open(rules({ create_repeat: ['deal'] })).editor.find('[data-test="section-priority"] [data-test="idle"]').exists()).toBe(true)
})

test('conditions grow into groups and typed values into a list', async () => {
  const { editor, now } = open(rules({ filter: [{ id: 'f', when, verdict: 'denied' }] }))
  await editor.get('[data-test="open-row"]').trigger('click')
  await editor.get('[data-test="value-input"]').setValue('b.ru; c.ru')
  await editor.get('[data-test="value-input"]').trigger('keydown', { key: 'Enter' })
  await editor.get('[data-test="add-group"]').trigger('click')
  expect(now().filter[0]!.when).toEqual({
    join: 'and',
    items: [
      { param: 'site_domain_name', operator: 'equals', value: ['a.ru', 'b.ru', 'c.ru'] },
      { join: 'or', items: [{ param: '', operator: 'equals', value: '' }] }
    ]
  })
})

test('a template takes a parameter at the caret and shows an example', async () => {
  vi.useFakeTimers()
  const { editor, now, preview } = open(rules({ titles: { lead: '', deal: 'Chat ', activity: '' } }))
  await vi.advanceTimersByTimeAsync(500)
  expect(preview).toHaveBeenCalledWith({ template: 'Chat ' }, expect.anything())
  const deal = editor.get<HTMLInputElement>('[data-test="title-deal"]')
  const part = deal.element.closest('.template')!
  part.querySelector<HTMLElement>('[data-name="channel_type"]')!.click()
  await nextTick()
  expect(now().titles.deal).toBe('Chat {channel_type}')
  await vi.advanceTimersByTimeAsync(500)
  await nextTick()
  expect(part.querySelector('[data-test="preview"]')?.textContent).toContain('Example')
  vi.useRealTimers()
})

test('who only reads cannot change anything', () => {
  const { editor } = open(three(), { readonly: true })
  for (const name of ['add-row', 'drop-row', 'move-row', 'insert-more']) expect(editor.find(`[data-test="${name}"]`).exists(), name).toBe(false)
  expect(editor.get('[data-test="responsible-default"]').attributes('disabled')).toBeDefined()
})

test('requests have a deadline instead of a transcript', async () => {
  const { editor, now } = open(rules(), { kind: 'requests' })
  expect(editor.find('[data-test="transcript"]').exists()).toBe(false)
  await editor.get('[data-test="deadline-unit"]').setValue('days')
  expect(now().deadline_minutes).toBe(1440)
})

test('Open Lines are told about', () => {
  expect(open(rules(), { linesActive: true }).editor.find('[data-test="lines-notice"]').exists()).toBe(true)
})
