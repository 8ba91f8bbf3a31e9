/** Lists read from Bitrix24 (employees, pipelines, fields) and the parameters that rules may use. */

import { shallowReactive } from 'vue'
import type { Api } from '../api'
import type { Directory, ParameterGroup } from '../rules'

export type DirectoryStore = ReturnType<typeof createDirectory>

/** A refresh that says nothing for so long is asked after. */
const ASK_AGAIN_MS = 5_000
const ASKINGS = 12

export function createDirectory(api: Pick<Api, 'get' | 'post'>) {
  const state = shallowReactive({
    directory: null as Directory | null,
    parameters: [] as ParameterGroup[],
    refreshing: false,
    error: null as unknown
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  let askings = 0

  async function load(): Promise<void> {
    state.error = null
    try {
      const [, parameters] = await Promise.all([
        reload(),
        state.parameters.length ? null : api.get<{ groups: ParameterGroup[] }>('/settings/parameters')
      ])
      if (parameters) state.parameters = parameters.groups
    } catch (error) {
      state.error = error
    }
  }

  async function reload(): Promise<void> {
    const directory = await api.get<Directory>('/directory')
    Object.assign(state, { directory, refreshing: directory.refreshing })
    if (directory.refreshing) watch()
    else clearTimeout(timer)
  }

  /** Asks the server to read everything anew; the news `directory` say when it is done. */
  async function refresh(): Promise<void> {
    state.refreshing = true
    askings = 0
    try {
      await api.post('/directory/refresh', {})
      watch()
    } catch (error) {
      state.refreshing = false
      throw error
    }
  }

  /** News may be lost on the way: the spinner never turns for ever. */
  function watch(): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      askings += 1
      if (askings > ASKINGS) state.refreshing = false
      else reload().catch(watch)
    }, ASK_AGAIN_MS)
  }

  return { state, load, reload, refresh }
}
