/** A clock for the screen: moves every twenty seconds, enough for «5 мин». */

import { ref, type Ref } from 'vue'

const STEP_MS = 20_000
const now = ref(Date.now())
let started = false

export function useNow(): Ref<number> {
  if (!started) {
    started = true
    setInterval(() => { now.value = Date.now() }, STEP_MS)
  }
  return now
}
