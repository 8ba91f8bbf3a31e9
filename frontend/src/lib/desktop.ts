/** What reaches a person outside the window: notices of the desktop and the number on the icon. */

import { t } from './i18n'

/** impossible: inside another page browsers allow none. */
export type NotifyState = 'here' | 'ask' | 'denied' | 'impossible'
export interface Notice { title: string; text: string; tag: string; open: () => void }

export function notifyState(): NotifyState {
  if (window.parent !== window || typeof Notification === 'undefined') return 'impossible'
  return { granted: 'here', default: 'ask', denied: 'denied' }[Notification.permission] as NotifyState
}

export async function askToNotify(): Promise<NotifyState> {
  if (notifyState() === 'ask') await Notification.requestPermission()
  return notifyState()
}

/** One notice of each thing: several windows of one person show it once. Nothing if the window is being looked at. */
export function notify({ title, text, tag, open }: Notice): void {
  if (notifyState() !== 'here' || document.hasFocus()) return
  try {
    const notice = new Notification(title || t('CallGear Chats'), { body: text.slice(0, 200), tag, icon: '/static/img/icon-192.png', lang: document.documentElement.lang })
    notice.onclick = () => {
      window.focus()
      notice.close()
      open()
    }
  } catch {
    // Browsers of phones let only service workers notify.
  }
}

/** The number on the icon of the installed application. */
export function badge(count: number): void {
  const icon = navigator as Partial<Pick<Navigator, 'setAppBadge' | 'clearAppBadge'>>
  const done = count ? icon.setAppBadge?.(count) : icon.clearAppBadge?.()
  done?.catch(() => undefined)
}
