import { expect, test } from 'vitest'
import { chosenOption, found, lostValue, people, siteProperty, valueOptions } from '../../../src/settings/rules/options'
import { findParameter } from '../../../src/settings/rules/context'
import { inserted, unknownNames } from '../../../src/settings/rules/template'
import { ruleText } from '../../../src/settings/rules/wording'
import type { Condition, Group } from '../../../src/lib/rules'
import { channel, CHANNEL, DAY, directory, parameters, TYPE } from './world'

const channels = [channel(), channel({ id: '2', kind: 'whatsapp', name: 'Support' })]
const is = (param: string, value: Condition['value'], operator: Condition['operator'] = 'equals'): Condition => ({ param, operator, value })
const said = (group: Group) => ruleText(group, parameters, channels)

test('a rule says itself in plain words', () => {
  expect(said({ join: 'and', items: [is('channel_type', 'whatsapp'), is('site_domain_name', 'shop.ru')] })).toBe('Channel type equals WhatsApp AND Site equals shop.ru')
})

test('groups are in brackets, values of names are named, several values are any of them', () => {
  const inner: Group = { join: 'or', items: [is('channel_id', ['1', '2']), is('communication_weekday', '2')] }
  expect(said({ join: 'and', items: [is('site_domain_name', null, 'has_data'), inner] })).toBe('Site has data AND (Channel equals Shop or Support OR Weekday equals Tuesday)')
  expect(said({ join: 'and', items: [is('site_domain_name', ['a.ru', 'b.ru'], 'not_equals')] })).toBe('Site does not equal a.ru, b.ru')
  expect(said({ join: 'and', items: [is('is_communication_with_visit', true)] })).toBe('Has a visit equals yes')
})

test('what is empty or gone is said, not hidden', () => {
  expect(said({ join: 'and', items: [] })).toBe('any inquiry')
  expect(said({ join: 'and', items: [is('', '')] })).toBe('… equals …')
  expect(said({ join: 'and', items: [is('channel_id', '77')] })).toBe('Channel equals no longer here: channel 77')
  expect(said({ join: 'and', items: [is('dropped_one', 'x')] })).toBe('dropped_one equals x')
})

test('a person is found by name, position and department in any order', () => {
  const options = people(directory())
  expect(found(options, 'support ann')).toHaveLength(1)
  expect(found(options, 'MANAGER')).toHaveLength(1)
  expect(found(options, 'sales')).toHaveLength(0)
  expect(found([{ value: '1', label: 'Семён' }], 'семен')).toHaveLength(1)
})

test('values are offered where they are known', () => {
  expect(valueOptions(CHANNEL, channels).map((option) => option.value)).toEqual(['1', '2'])
  expect(valueOptions(TYPE, channels).map((option) => option.value)).toContain('viber')
  expect(valueOptions(DAY, channels).map((option) => option.label)).toEqual(['Monday', 'Tuesday'])
  expect(lostValue(CHANNEL, '77').gone).toBe(true)
})

test('properties of a site are parameters, other unknown names are not', () => {
  expect(findParameter(parameters, 'custom.plan')?.title).toBe('plan')
  expect(findParameter(parameters, 'plan')).toBeUndefined()
  expect(findParameter(parameters, 'custom. ')).toBeUndefined()
  expect(siteProperty('tariff plan')?.value).toBe('custom.tariff plan')
  expect(siteProperty('custom.plan')?.value).toBe('custom.plan')
  expect(siteProperty('{x}')).toBeNull()
})

test('a list that was never read calls nothing gone', () => {
  expect(chosenOption([{ value: '', label: 'Nobody' }], '5')).toEqual({ value: '5', label: 'ID 5' })
  expect(chosenOption([{ value: '4', label: 'Ann' }], '5')?.gone).toBe(true)
})

test('a parameter is put where the caret is, set off from words', () => {
  expect(inserted('Chat', 'site', 4, 4)).toEqual({ text: 'Chat {site}', caret: 11 })
  expect(inserted('a XX b', 'site', 2, 4)).toEqual({ text: 'a {site} b', caret: 8 })
  expect(inserted('№', 'id', 1, 1)).toEqual({ text: '№{id}', caret: 5 })
  expect(inserted('{a}', 'b', 0, 0)).toEqual({ text: '{b} {a}', caret: 3 })
  expect(inserted('{a}', 'b', 3, 3)).toEqual({ text: '{a} {b}', caret: 7 })
})

test('unknown parameters are found once each', () => {
  expect(unknownNames('{site} {nope} {nope} { site } {}', (name) => name === 'site')).toEqual(['nope'])
})
