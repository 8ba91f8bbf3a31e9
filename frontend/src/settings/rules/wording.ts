/** What the rules are called on the screen. */

import type { Creation, FieldEntity, Group, Operator, Parameter, ParameterGroup } from '../../lib/rules'
import { currentLocale, t } from '../../lib/i18n'
import type { Channel } from '../../lib/types'
import { findParameter } from './context'
import { pieces, sentence, type Piece, type Words } from './sentence'

export function operatorTitle(operator: Operator): string {
  const titles: Record<Operator, string> = {
    equals: t('equals'),
    not_equals: t('does not equal'),
    includes: t('includes'),
    excludes: t('excludes'),
    has_data: t('has data'),
    no_data: t('has no data'),
    greater: t('is greater'),
    less: t('is less')
  }
  return titles[operator] ?? operator
}

export function entityTitle(entity: Creation | FieldEntity): string {
  const titles = { lead: t('Lead'), deal: t('Deal'), activity: t('To-do'), contact: t('Contact') }
  return titles[entity]
}

/** Names of messengers are the same in every language. */
export function kindTitle(kind: string): string {
  const titles: Record<string, string> = {
    telegram: 'Telegram', whatsapp: 'WhatsApp', viber: 'Viber', vk: 'VK', email: 'E-mail', webchat: t('Chat on the site')
  }
  return titles[kind] ?? titles[kind.split('_')[0] ?? ''] ?? kind
}

export function fieldTypeTitle(type: string): string {
  const titles: Record<string, string> = {
    string: t('Text'), text: t('Text'), char: t('Yes or no'), integer: t('Whole number'), double: t('Number'), boolean: t('Yes or no'),
    date: t('Date'), datetime: t('Date and time'), enumeration: t('List'), money: t('Money'), url: t('Link'),
    employee: t('Employee'), user: t('Employee'), crm: t('CRM element'), crm_status: t('List'), crm_contact: t('Contact'), crm_company: t('Company'),
    address: t('Address'), file: t('File'), phone: t('Phone'), email: 'E-mail', crm_multifield: t('Phones and addresses')
  }
  return titles[type] ?? type
}

export function optionTitle(parameter: Parameter, value: string): string {
  return t(parameter.option_titles?.[parameter.options.indexOf(value)] ?? value)
}

/** One value of a parameter as people call it. */
export function valueTitle(parameter: Parameter | undefined, value: string, channels: Channel[]): string {
  if (!parameter) return value
  if (parameter.name === 'channel_id') return channels.find((channel) => channel.id === value)?.name ?? t('no longer here: channel {id}', { id: value })
  if (parameter.name === 'channel_type') return kindTitle(value)
  if (parameter.type === 'bool') return value === 'true' ? t('yes') : t('no')
  if (parameter.type === 'date') return dateTitle(value)
  return optionTitle(parameter, value)
}

/** `2026-11-22`: longer ones have a time. */
const DAY = 10

function dateTitle(value: string): string {
  const at = new Date(value.length > DAY ? value : `${value}T00:00`)
  const shown: Intl.DateTimeFormatOptions = value.length > DAY ? { dateStyle: 'medium', timeStyle: 'short' } : { dateStyle: 'medium' }
  return Number.isNaN(at.getTime()) ? value : new Intl.DateTimeFormat(currentLocale(), shown).format(at)
}

export function words(groups: ParameterGroup[], channels: Channel[]): Words {
  return {
    parameter: (name) => t(findParameter(groups, name)?.title ?? name),
    operator: operatorTitle,
    value: (name, value) => valueTitle(findParameter(groups, name), value, channels),
    and: t('AND'),
    or: t('OR'),
    any: t('any inquiry'),
    gap: '…'
  }
}

export function rulePieces(group: Group, groups: ParameterGroup[], channels: Channel[]): Piece[] {
  return pieces(group, words(groups, channels))
}

export function ruleText(group: Group, groups: ParameterGroup[], channels: Channel[]): string {
  return sentence(group, words(groups, channels))
}

