/** What a setting's value is called, for the list of what Bitrix24 did not take. */

import type { LineSetting, Member, Sender, SettingValue, TimeUnit } from '../../lib/line-settings'
import { spanOf } from '../../lib/line-settings'
import type { Directory } from '../../lib/rules'
import { currentLocale, t } from '../../lib/i18n'
import { nameIn } from '../rules/options'

export const WEEK = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']
/** A Monday. */
const MONDAY = Date.UTC(2024, 0, 1)
const DAY_MS = 86_400_000

export function dayTitle(day: string): string {
  return new Intl.DateTimeFormat(currentLocale(), { weekday: 'short', timeZone: 'UTC' }).format(MONDAY + WEEK.indexOf(day) * DAY_MS)
}

export function unitTitle(unit: TimeUnit): string {
  return { seconds: t('seconds'), minutes: t('minutes'), hours: t('hours'), days: t('days') }[unit]
}

export function memberName(member: Member, directory: Directory): string {
  return nameIn(member.type === 'user' ? directory.users : directory.departments, member.id)
}

export function valueText(setting: LineSetting, value: SettingValue, directory: Directory): string {
  const text = worded(setting, value, directory)
  return text || t('empty')
}

function worded(setting: LineSetting, value: SettingValue, directory: Directory): string {
  if (typeof value === 'boolean') return value ? t('Yes') : t('No')
  if (typeof value === 'number') return setting.unit ? span(value, setting.unit) : String(value)
  if (setting.type === 'queue') return (value as Member[]).map((member) => memberName(member, directory)).join(', ')
  if (setting.type === 'users') return (value as string[]).map((id) => nameIn(directory.users, id)).join(', ')
  if (setting.type === 'weekdays') return (value as string[]).map((day) => dayTitle(day)).join(', ')
  if (setting.type === 'sender') return (value as Sender).name
  if (Array.isArray(value)) return value.join(', ')
  const named = setting.options.find((option) => option.value === value)?.title
  return named ?? (setting.source === 'pipelines' && value ? nameIn(directory.pipelines, value as string) : String(value))
}

function span(value: number, stored: 'seconds' | 'minutes'): string {
  const { count, unit } = spanOf(value, stored)
  return `${count} ${unitTitle(unit)}`
}
