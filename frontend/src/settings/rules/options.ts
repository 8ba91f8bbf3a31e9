/** What a picker offers, and how it finds among hundreds. */

import type { CrmField, Directory, Parameter, ParameterGroup, Stage } from '../../lib/rules'
import { t } from '../../lib/i18n'
import type { Channel, Id } from '../../lib/types'
import { isParameterName } from './context'
import { fieldTypeTitle, kindTitle, optionTitle } from './wording'

export interface Option {
  value: string
  label: string
  hint?: string
  group?: string
  /** Found by these words too, though they are not shown. */
  also?: string
  color?: string
  channel?: string
  person?: { id: Id; name: string; src: string | null }
  required?: boolean
  /** Chosen once, gone from Bitrix24 since. */
  gone?: boolean
}

/** Rules may be written before a messenger is connected. */
const KINDS = ['telegram', 'whatsapp', 'viber', 'vk', 'email', 'webchat']

/** More are not drawn: people type. */
export const SHOWN = 100

export function found(options: readonly Option[], query: string): Option[] {
  const wanted = plain(query).split(/\s+/).filter(Boolean)
  if (!wanted.length) return [...options]
  return options.filter((option) => {
    const text = plain([option.label, option.hint, option.group, option.also].filter(Boolean).join(' '))
    return wanted.every((word) => text.includes(word))
  })
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll('ё', 'е')
}

/** What is chosen but no longer there stays visible, by its id. A list that is empty was never read: then nobody knows. */
export function gone(id: string, listed: number): Option {
  return listed ? { value: id, label: t('no longer in Bitrix24: {id}', { id }), gone: true } : { value: id, label: `ID ${id}` }
}

/** What a person, a stage or a pipeline is called. */
export function nameIn(list: readonly { id: string; name: string }[], id: string): string {
  return list.find((one) => one.id === id)?.name ?? gone(id, list.length).label
}

/** A name that a site gives itself (setProperty): nobody can list them. */
export function siteProperty(query: string): Option | null {
  const name = query.trim().replace(/^custom\./, '')
  return isParameterName(`custom.${name}`) ? { value: `custom.${name}`, label: t('Property of the site: {name}', { name }) } : null
}

export function chosenOption(options: readonly Option[], value: string): Option | undefined {
  if (!value) return options.find((option) => option.value === '')
  return options.find((option) => option.value === value) ?? gone(value, options.filter((option) => option.value).length)
}

export function people(directory: Directory): Option[] {
  const names = new Map(directory.departments.map((department) => [department.id, department.name]))
  return directory.users.map((user) => {
    const departments = user.departments.map((id) => names.get(id)).filter(Boolean).join(', ')
    return {
      value: user.id,
      label: user.name,
      hint: [user.position, departments].filter(Boolean).join(' · '),
      person: { id: user.id, name: user.name, src: user.photo_url }
    }
  })
}

export function stageOptions(stages: readonly Stage[]): Option[] {
  return stages.map((stage) => ({ value: stage.id, label: stage.name, color: colorOf(stage) }))
}

/** Bitrix24 gives "#39A8EF", rarely without the sign. */
function colorOf(stage: Stage): string {
  const hex = /^#?([\da-f]{6}|[\da-f]{3})$/i.exec(stage.color)
  return hex ? `#${hex[1]}` : 'var(--cg-line)'
}

export function pipelineOptions(directory: Directory): Option[] {
  return directory.pipelines.map((pipeline) => ({ value: pipeline.id, label: pipeline.name }))
}

export function parameterOptions(groups: readonly ParameterGroup[]): Option[] {
  return groups.flatMap((group) => group.items.map((item) => ({ value: item.name, label: t(item.title), group: t(group.title), also: item.name })))
}

export function fieldOptions(fields: readonly CrmField[]): Option[] {
  return fields.filter((field) => !field.read_only).map((field) => ({
    value: field.code,
    label: field.title || field.code,
    hint: [fieldTypeTitle(field.type), field.multiple ? t('several values') : ''].filter(Boolean).join(', '),
    also: field.code,
    required: field.required
  }))
}

/** Fixed values of a parameter, empty if any text is possible. */
export function valueOptions(parameter: Parameter, channels: readonly Channel[]): Option[] {
  if (parameter.name === 'channel_id') return channels.map((channel) => ({ value: channel.id, label: channel.name, channel: channel.kind }))
  if (parameter.name === 'channel_name') return channels.map((channel) => ({ value: channel.name, label: channel.name, hint: kindTitle(channel.kind), channel: channel.kind }))
  if (parameter.name === 'channel_type') {
    const kinds = new Set([...KINDS, ...parameter.options, ...channels.map((channel) => channel.kind)])
    return [...kinds].map((kind) => ({ value: kind, label: kindTitle(kind), channel: kind }))
  }
  return parameter.options.map((value) => ({ value, label: optionTitle(parameter, value) }))
}

/** A value that is not offered: a channel was disconnected, or nobody has connected such a messenger yet. */
export function lostValue(parameter: Parameter, value: string): Option {
  if (parameter.name === 'channel_id') return { value, label: t('no longer here: channel {id}', { id: value }), gone: true }
  return { value, label: parameter.name === 'channel_type' ? kindTitle(value) : value, gone: parameter.name !== 'channel_type' }
}

/** Sites that our own widgets stand on: most rules about a site mean one of them. */
export function siteSuggestions(channels: readonly Channel[]): string[] {
  const sites = channels.flatMap((channel) => (Array.isArray(channel.settings.sites) ? channel.settings.sites.map(String) : []))
  return [...new Set(sites.map((site) => site.replace(/^https?:\/\//, '').replace(/\/.*$/, '')).filter(Boolean))]
}
