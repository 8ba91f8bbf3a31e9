/** What statuses, roles and rights are called; which colour and icon stand for which. */

import CheckMIcon from '@bitrix24/b24icons-vue/outline/CheckMIcon'
import ClockIcon from '@bitrix24/b24icons-vue/outline/ClockIcon'
import CrossMIcon from '@bitrix24/b24icons-vue/outline/CrossMIcon'
import HomeIcon from '@bitrix24/b24icons-vue/outline/HomeIcon'
import MinusMIcon from '@bitrix24/b24icons-vue/outline/MinusMIcon'
import MoonIcon from '@bitrix24/b24icons-vue/outline/MoonIcon'
import PauseMIcon from '@bitrix24/b24icons-vue/outline/PauseMIcon'
import PhoneUpIcon from '@bitrix24/b24icons-vue/outline/PhoneUpIcon'
import QuestionLIcon from '@bitrix24/b24icons-vue/outline/QuestionLIcon'
import StarIcon from '@bitrix24/b24icons-vue/outline/FavoriteIcon'
import type { Component } from 'vue'
import { t } from '../lib/i18n'
import type { Colour, Status, StatusIconName, Switch } from '../lib/workplace'

export const ICON_OF: Record<StatusIconName, Component> = {
  check: CheckMIcon, pause: PauseMIcon, minus: MinusMIcon, moon: MoonIcon, cross: CrossMIcon, question: QuestionLIcon,
  clock: ClockIcon, star: StarIcon, phone: PhoneUpIcon, home: HomeIcon
}

export function statusName(status: Pick<Status, 'id' | 'name'> | null): string {
  if (!status) return ''
  const names: Record<string, () => string> = {
    available: () => t('Available'), break: () => t('Break'), do_not_disturb: () => t('Do not disturb'),
    not_at_workplace: () => t('Away'), not_at_work: () => t('Not at work'), unknown: () => t('Unknown')
  }
  return status.name || names[status.id]?.() || status.id
}

/** What a status lets one do, for its line in the menu. */
export function statusHint(status: Status): string {
  if (status.accept && status.write) return t('takes chats and answers')
  if (status.write) return t('answers, takes no new chats')
  return t('neither takes chats nor answers')
}

export function switchName(name: Switch): string {
  return ({
    accept: t('Takes chats'), accept_transfer: t('Takes transferred chats'), transfer: t('Transfers chats'), write: t('Writes in chats'),
    close: t('Finishes chats and requests'), distribute: t('Takes part in distribution'), worktime: t('Counts as working time')
  })[name]
}

export function colourName(colour: Colour): string {
  return ({ green: t('Green'), yellow: t('Yellow'), orange: t('Orange'), red: t('Red'), violet: t('Violet'), blue: t('Blue'), grey: t('Grey') })[colour]
}

export function iconName(icon: StatusIconName): string {
  return ({
    check: t('Tick'), pause: t('Pause'), minus: t('Minus'), moon: t('Moon'), cross: t('Cross'), question: t('Question mark'),
    clock: t('Clock'), star: t('Star'), phone: t('Phone'), home: t('House')
  })[icon]
}
