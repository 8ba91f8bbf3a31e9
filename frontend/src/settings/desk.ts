/** What the pages of the settings share: portals, rules of both kinds, lists from Bitrix24, the journal. */

import { inject, provide, type InjectionKey } from 'vue'
import { useApp, type App } from '../lib/app'
import { createDirectory } from '../lib/store/directory'
import { createJournal } from '../lib/store/journal'
import { createPortals } from '../lib/store/portals'
import { createRules } from '../lib/store/rules'

type Guard = () => Promise<boolean>

export type Desk = ReturnType<typeof createDesk>

const DESK: InjectionKey<Desk> = Symbol('desk')

export function createDesk({ api, boot }: Pick<App, 'api' | 'boot'>) {
  /** Administrators, and those whom they have named. */
  const mayConfigure = boot.user.may_configure ?? boot.user.admin
  const guards = new Set<Guard>()

  /** An open page may ask the person first; returns how to stop that. */
  function guard(ask: Guard): () => void {
    guards.add(ask)
    return () => { guards.delete(ask) }
  }

  async function mayLeave(): Promise<boolean> {
    for (const ask of guards) if (!(await ask())) return false
    return true
  }

  return {
    mayConfigure,
    guard,
    mayLeave,
    portals: createPortals(api),
    directory: createDirectory(api),
    journal: createJournal(api),
    rules: { chats: createRules(api, 'chats', mayConfigure), requests: createRules(api, 'requests', mayConfigure) }
  }
}

export function openDesk(): Desk {
  const desk = createDesk(useApp())
  provide(DESK, desk)
  return desk
}

export function useDesk(): Desk {
  const desk = inject(DESK)
  if (!desk) throw new Error('the settings are not open')
  return desk
}
