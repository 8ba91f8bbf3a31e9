/** Fields of a channel kind as the form keeps them (text and switches) and as the server wants them. */

import type { ChannelField, ChannelKind } from '../lib/types'

export type Values = Record<string, string | boolean>

export function shownFields(kind: ChannelKind, mode: 'connect' | 'edit' | 'reconnect'): ChannelField[] {
  return mode === 'edit' ? kind.fields.filter((field) => field.type !== 'secret') : kind.fields
}

/** What the form starts with; secrets never come back from the server. */
export function initialValues(fields: ChannelField[], known: Record<string, unknown>): Values {
  return Object.fromEntries(fields.map((field) => {
    const value = known[field.name] ?? field.default
    if (field.type === 'bool') return [field.name, Boolean(value)]
    if (field.type === 'list' || field.type === 'hours') return [field.name, Array.isArray(value) ? value.join('\n') : '']
    if (field.type === 'zone') return [field.name, String(value || zoneHere())]
    return [field.name, field.type === 'secret' ? '' : String(value ?? '')]
  }))
}

/** A list is one entry a line; a secret left empty is not sent, so the kept one stays. */
export function settingsOf(fields: ChannelField[], values: Values): Record<string, unknown> {
  const pairs = fields.map((field): [ChannelField, unknown] => [field, settingOf(field, values[field.name])])
  return Object.fromEntries(pairs.filter(([field, value]) => field.type !== 'secret' || value !== '').map(([field, value]) => [field.name, value]))
}

function settingOf(field: ChannelField, value: string | boolean | undefined): unknown {
  if (field.type === 'bool') return Boolean(value)
  const text = String(value ?? '').trim()
  return field.type === 'list' || field.type === 'hours' ? text.split(/[\n,]/).map((line) => line.trim()).filter(Boolean) : text
}

/** A new channel keeps the hours of the place where its administrator is. */
function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** Fields under their headings, in order; those before the first heading stand under none. */
export function grouped(fields: ChannelField[]): { title: string; fields: ChannelField[] }[] {
  const groups: { title: string; fields: ChannelField[] }[] = []
  for (const field of fields) {
    if (field.group || !groups.length) groups.push({ title: field.group ?? '', fields: [] })
    groups.at(-1)!.fields.push(field)
  }
  return groups
}

/** Required fields left empty; `kept` secrets may stay so. */
export function missing(fields: ChannelField[], values: Values, kept: string[]): string[] {
  return fields
    .filter((field) => field.required && field.type !== 'bool' && !kept.includes(field.name))
    .filter((field) => !String(values[field.name] ?? '').trim())
    .map((field) => field.name)
}
