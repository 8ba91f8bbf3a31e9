/** What the server makes of a template, asked a moment after the last key; late answers do not count. */

import { onBeforeUnmount, ref, watch, type Ref } from 'vue'
import type { Preview, Sample, Shown } from './context'

const PAUSE_MS = 400

export function usePreview(ask: Preview, sample: () => Sample): { shown: Ref<Shown | null>; failed: Ref<boolean> } {
  const shown = ref<Shown | null>(null)
  const failed = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking: AbortController | undefined

  function stop(): void {
    clearTimeout(timer)
    asking?.abort()
  }

  async function look(wish: Sample): Promise<void> {
    const mine = asking = new AbortController()
    try {
      const answer = await ask(wish, mine.signal)
      if (mine.signal.aborted) return
      shown.value = answer
      failed.value = false
    } catch {
      if (!mine.signal.aborted) failed.value = true
    }
  }

  watch(() => JSON.stringify(sample()), (_, before) => {
    stop()
    const wish = sample()
    if (!wish.template) shown.value = null
    else timer = setTimeout(() => void look(wish), before === undefined ? 0 : PAUSE_MS)
  }, { immediate: true })
  onBeforeUnmount(stop)
  return { shown, failed }
}
