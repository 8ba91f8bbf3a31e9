/** Rows dragged by their handle with a mouse, a pen or a finger; Escape puts the row back. */

import { onBeforeUnmount, ref, type Ref } from 'vue'

const EDGE_PX = 56
const STEP_PX = 14

/** The place among `middles` (top to bottom, the dragged one included) where a row held at `y` lands. */
export function landing(middles: readonly number[], from: number, y: number): number {
  return middles.filter((middle, at) => at !== from && middle < y).length
}

export function useDragging(root: Ref<HTMLElement | undefined>, drop: (from: number, to: number) => void) {
  const from = ref<number | null>(null)
  const to = ref<number | null>(null)

  function grab(event: PointerEvent, at: number): void {
    if (event.button) return
    from.value = to.value = at
    window.addEventListener('pointermove', follow)
    window.addEventListener('pointerup', release)
    window.addEventListener('pointercancel', stop)
    window.addEventListener('keydown', escape, true)
  }

  function follow(event: PointerEvent): void {
    if (from.value === null) return
    event.preventDefault()
    const rows = [...(root.value?.querySelectorAll<HTMLElement>('.row') ?? [])]
    const middles = rows.map((row) => { const box = row.getBoundingClientRect(); return box.top + box.height / 2 })
    to.value = landing(middles, from.value, event.clientY)
    scrollNearEdge(event.clientY)
  }

  function scrollNearEdge(y: number): void {
    const page = root.value?.closest('.cg-page')
    if (y < EDGE_PX) page?.scrollBy(0, -STEP_PX)
    else if (y > window.innerHeight - EDGE_PX) page?.scrollBy(0, STEP_PX)
  }

  function release(): void {
    const [start, end] = [from.value, to.value]
    stop()
    if (start !== null && end !== null && start !== end) drop(start, end)
  }

  function escape(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    stop()
  }

  function stop(): void {
    from.value = to.value = null
    window.removeEventListener('pointermove', follow)
    window.removeEventListener('pointerup', release)
    window.removeEventListener('pointercancel', stop)
    window.removeEventListener('keydown', escape, true)
  }

  onBeforeUnmount(stop)
  return { from, to, grab }
}
