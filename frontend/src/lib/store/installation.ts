/** What has to be registered in the portal: run step by step, any failed one again. */

import { computed, reactive } from 'vue'
import type { Api } from '../api'
import { explain } from '../explain'
import type { Installation, InstallStep } from '../types'

export type InstallationStore = ReturnType<typeof createInstallation>

/** A step talks to Bitrix24, which may take its time. */
const SLOW = { timeoutMs: 90_000 }

export function createInstallation(api: Pick<Api, 'get' | 'post'>) {
  const state = reactive({
    steps: [] as InstallStep[],
    finished: false,
    loaded: false,
    running: false,
    error: null as unknown
  })
  const done = computed(() => state.steps.filter((step) => step.state === 'done').length)
  const complete = computed(() => state.loaded && done.value === state.steps.length)

  async function load(): Promise<void> {
    state.error = null
    try {
      const answer = await api.get<Installation>('/install')
      Object.assign(state, { steps: answer.steps, finished: answer.finished, loaded: true })
    } catch (error) {
      state.error = error
    }
  }

  /** Runs what is not done yet (or everything, `anew`); a failure does not stop the others. */
  async function run(anew = false): Promise<void> {
    if (state.running) return
    state.running = true
    const wanted = state.steps.filter((step) => anew || step.state !== 'done').map((step) => step.id)
    for (const id of wanted) await runStep(id)
    state.running = false
  }

  async function runStep(id: string): Promise<void> {
    change(id, { state: 'running', error: null })
    try {
      change(id, await api.post<InstallStep>(`/install/${id}`, {}, SLOW))
    } catch (error) {
      change(id, { state: 'failed', error: explain(error) })
    }
  }

  function change(id: string, what: Partial<InstallStep>): void {
    const step = state.steps.find((known) => known.id === id)
    if (step) Object.assign(step, what)
  }

  async function finish(): Promise<void> {
    await api.post('/install/finish', {}, SLOW)
    state.finished = true
  }

  return { state, done, complete, load, run, runStep, finish }
}
