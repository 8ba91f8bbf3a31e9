/** Who works here, in which portal, with which preferences, and whether the news reach us. */

import { reactive } from 'vue'
import type { Api } from '../api'
import type { LiveState, TransportName } from '../live'
import type { Boot, Id, Preferences } from '../types'

export type SessionStore = ReturnType<typeof createSession>

export function createSession(boot: Boot, api: Pick<Api, 'put'>) {
  const preferences: Required<Preferences> = {
    theme: boot.preferences.theme ?? boot.theme,
    sound: boot.preferences.sound ?? true,
    send_on_enter: boot.preferences.send_on_enter ?? true,
    desktop: boot.preferences.desktop ?? false,
    lang: boot.preferences.lang ?? boot.lang
  }
  const state = reactive({
    user: boot.user,
    portal: boot.portal,
    preferences,
    live: 'connecting' as LiveState,
    transport: 'socket' as TransportName,
    lost: false
  })

  /** Changes at once on the screen; the server keeps it for the next time. */
  async function prefer(what: Preferences): Promise<void> {
    Object.assign(state.preferences, what)
    if (what.theme) paint(what.theme)
    await api.put('/preferences', what)
  }

  /** Chosen on another screen of the same person. */
  function hear({ user_id: userId, preferences }: { user_id: Id; preferences: Preferences }): void {
    if (userId !== state.user.id) return
    Object.assign(state.preferences, preferences)
    paint(state.preferences.theme)
  }

  return { boot, state, prefer, hear }
}

/** All at once: with every control fading at its own pace a switch would flicker. */
export function paint(theme: 'light' | 'dark', root: HTMLElement = document.documentElement): void {
  root.classList.add('cg-still')
  root.classList.toggle('dark', theme === 'dark')
  root.classList.toggle('light', theme === 'light')
  requestAnimationFrame(() => requestAnimationFrame(() => root.classList.remove('cg-still')))
}
