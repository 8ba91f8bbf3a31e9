/** What stands in braces in a quick reply, and what takes its place. */

import { currentLocale, t } from './i18n'
import type { Conversation, Person } from './types'

export interface Talk { conversation: Conversation; me: Person; now: Date }

export interface Variable { name: string; label: string; value: (talk: Talk) => string }

const HOLE = /\{(\w+)\}/g

export function variables(): Variable[] {
  return [
    { name: 'client', label: t('Client’s name'), value: ({ conversation }) => conversation.contact.name },
    { name: 'client_first_name', label: t('Client’s first name'), value: ({ conversation }) => firstWord(conversation.contact.name) },
    { name: 'client_phone', label: t('Client’s phone'), value: ({ conversation }) => conversation.contact.phone ?? '' },
    { name: 'operator', label: t('Your name'), value: ({ me }) => me.name },
    { name: 'operator_first_name', label: t('Your first name'), value: ({ me }) => firstWord(me.name) },
    { name: 'channel', label: t('Name of the channel'), value: ({ conversation }) => conversation.channel.name },
    { name: 'date', label: t('Today’s date'), value: ({ now }) => new Intl.DateTimeFormat(currentLocale(), { day: 'numeric', month: 'long' }).format(now) },
    { name: 'greeting', label: t('Greeting by the hour'), value: ({ now }) => greeting(now.getHours()) }
  ]
}

/** The text with every known hole filled; unknown ones stay as they are. */
export function filled(text: string, talk: Talk): string {
  const known = new Map(variables().map((variable) => [variable.name, variable]))
  return text.replace(HOLE, (hole, name: string) => known.get(name)?.value(talk) ?? hole)
}

function firstWord(name: string): string {
  return name.trim().split(/\s+/)[0] ?? ''
}

function greeting(hour: number): string {
  if (hour >= 5 && hour < 12) return t('Good morning')
  if (hour >= 12 && hour < 18) return t('Good afternoon')
  return t('Good evening')
}
