/** Where in the workplace one is: the section and what is open in it, kept in the address. */

import { reactive } from 'vue'
import type { Id } from './types'

export type Section = 'chats' | 'requests' | 'contacts' | 'settings'
export interface Where { section: Section; id: Id | null }

export const SECTIONS: Section[] = ['chats', 'requests', 'contacts', 'settings']

export type Place = ReturnType<typeof createPlace>

/** `#/requests/12` → requests, 12; anything unknown is the chats. */
export function readPlace(hash: string): Where {
  const [, section = '', id = ''] = /^#\/([a-z]+)(?:\/(\d{1,18}))?$/.exec(hash) ?? []
  const known = SECTIONS.find((one) => one === section)
  return { section: known ?? 'chats', id: known && id ? id : null }
}

export function hashOf({ section, id }: Where): string {
  return id ? `#/${section}/${id}` : `#/${section}`
}

/** `steps`: each move is one step of the browser's own history; in a frame it would be the portal's. */
export function createPlace(steps = false, view: Window = window) {
  const state = reactive<Where>(readPlace(view.location.hash))

  function go(section: Section, id: Id | null = null): void {
    if (state.section === section && state.id === id) return
    const moved = state.section !== section
    Object.assign(state, { section, id })
    write(steps && moved)
  }

  function write(step: boolean): void {
    const address = hashOf(state)
    if (view.location.hash === address) return
    if (step) view.history.pushState(null, '', address)
    else view.history.replaceState(null, '', address)
  }

  /** The browser's own back and forward; returns how to stop. */
  function follow(): () => void {
    const heard = () => { Object.assign(state, readPlace(view.location.hash)) }
    view.addEventListener('popstate', heard)
    view.addEventListener('hashchange', heard)
    return () => {
      view.removeEventListener('popstate', heard)
      view.removeEventListener('hashchange', heard)
    }
  }

  return { state, go, follow }
}
