/** What each kind of channel can do, asked once: limits, windows, templates, whom it finds. */

import { reactive } from 'vue'
import type { Api } from '../api'
import type { List } from '../types'

export type AddressKind = 'phone' | 'username' | 'email'

export interface Ability {
  kind: string
  title: string
  text_limit: number
  file_limit: number
  /** As `image/*`; empty: any. */
  file_types: string[]
  quotes: boolean
  edits: boolean
  deletes: boolean
  templates: boolean
  window_seconds: number | null
  reached_by: AddressKind[]
  found_by: AddressKind[]
}

export type AbilitiesStore = ReturnType<typeof createAbilities>

export function createAbilities(api: Pick<Api, 'get'>) {
  const state = reactive({ items: [] as Ability[] })
  let asked: Promise<void> | null = null

  function load(): Promise<void> {
    asked ??= api.get<List<Ability>>('/channels/abilities')
      .then(({ items }) => { state.items = items })
      .catch((error: unknown) => {
        asked = null
        throw error
      })
    return asked
  }

  function of(kind: string): Ability | null {
    return state.items.find((known) => known.kind === kind) ?? null
  }

  return { state, load, of }
}
