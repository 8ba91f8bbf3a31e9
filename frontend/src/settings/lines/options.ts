/** What the pickers of a line's settings offer. */

import type { LineDocument, LineSetting, Member } from '../../lib/line-settings'
import type { Directory } from '../../lib/rules'
import { t } from '../../lib/i18n'
import { people, type Option } from '../rules/options'

export function choices(setting: LineSetting, document: LineDocument, directory: Directory): Option[] {
  const options: Option[] = setting.options.map(({ value, title }) => ({ value, label: title }))
  const known = new Set(options.map((option) => option.value))
  const more = listed(setting, document, directory).filter((option) => !known.has(option.value))
  const all = [...options, ...more]
  const value = String(document[setting.name] ?? '')
  // What only the portal knows stays as it is: it is not an error.
  return setting.open && value && !all.some((option) => option.value === value) ? [...all, { value, label: value }] : all
}

function listed(setting: LineSetting, document: LineDocument, directory: Directory): Option[] {
  if (setting.source === 'sources') return directory.sources.map((source) => ({ value: source.id, label: source.name }))
  if (setting.source === 'pipelines' && document.crm_create === 'deal') return directory.pipelines.map((pipeline) => ({ value: pipeline.id, label: pipeline.name }))
  return []
}

export function memberKey(member: Member): string {
  return `${member.type}:${member.id}`
}

export function memberOf(key: string): Member {
  const [type, id] = key.split(':') as [Member['type'], string]
  return { type, id }
}

export function members(directory: Directory): Option[] {
  return [
    ...directory.departments.map((department) => ({ value: `department:${department.id}`, label: department.name, hint: t('Department'), group: t('Departments') })),
    ...people(directory).map((person) => ({ ...person, value: `user:${person.value}`, group: t('Employees') }))
  ]
}
