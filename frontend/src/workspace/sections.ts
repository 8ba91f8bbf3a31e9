/** The sections of the workplace: names, pictures, keys and what calls for attention in each. */

import ChatsIcon from '@bitrix24/b24icons-vue/outline/ChatsIcon'
import ContactIcon from '@bitrix24/b24icons-vue/outline/ContactIcon'
import FormIcon from '@bitrix24/b24icons-vue/outline/FormIcon'
import SettingsIcon from '@bitrix24/b24icons-vue/outline/SettingsIcon'
import type { Component } from 'vue'
import type { App } from '../lib/app'
import { t } from '../lib/i18n'
import { type Shortcut, type ShortcutLine } from '../lib/keys'
import { SECTIONS, type Place, type Section } from '../lib/place'

export interface SectionLine { id: Section; label: string; icon: Component; count: number; hint: string }

const ICONS: Record<Section, Component> = { chats: ChatsIcon, requests: FormIcon, contacts: ContactIcon, settings: SettingsIcon }
const NAMES: Record<Section, () => string> = {
  chats: () => t('Chats'), requests: () => t('Requests'), contacts: () => t('Contacts'), settings: () => t('Settings')
}

export function sectionName(section: Section): string {
  return NAMES[section]()
}

/** Chats that wait for somebody or say something unread; requests that nobody has taken. */
export function calling({ conversations, requests }: Pick<App, 'conversations' | 'requests'>): Record<Section, number> {
  const { counters } = conversations.state
  return { chats: counters.new + counters.active_unread, requests: requests.state.counters.new, contacts: 0, settings: 0 }
}

export function sectionLines(app: Pick<App, 'conversations' | 'requests'>): SectionLine[] {
  const counts = calling(app)
  return SECTIONS.map((id, at) => ({ id, label: sectionName(id), icon: ICONS[id], count: counts[id], hint: `${sectionName(id)} (${keysOf(at)})` }))
}

/** Alt with a digit alone chooses among the chats. */
export function sectionShortcuts(place: Place): Shortcut[] {
  return SECTIONS.map((id, at): Shortcut => ({
    keys: keysOf(at), code: `Digit${at + 1}`, alt: true, shift: true, typing: true,
    label: t('Section «{name}»', { name: sectionName(id) }), run: () => place.go(id)
  }))
}

export function sectionKeys(): ShortcutLine[] {
  return SECTIONS.map((id, at) => ({ keys: keysOf(at), label: t('Section «{name}»', { name: sectionName(id) }) }))
}

function keysOf(at: number): string {
  return `Alt+Shift+${at + 1}`
}
