/** Steps back and forth through whole documents; typing in one place is one step. */

import { computed, shallowReactive } from 'vue'
import { changedAt } from './documents'

const DEPTH = 200
/** A pause this long ends a step. */
const PAUSE_MS = 1_200

export type History<D> = ReturnType<typeof createHistory<D>>

export function createHistory<D>(now: () => number = Date.now) {
  const past = shallowReactive<D[]>([])
  const future = shallowReactive<D[]>([])
  let place = ''
  let at = 0

  /** `before` was replaced by `after`. */
  function record(before: D, after: D): void {
    const where = changedAt(before, after)
    const goesOn = past.length > 0 && future.length === 0 && where !== '' && where === place && now() - at < PAUSE_MS && isTyped(before, where)
    if (!goesOn) past.push(before)
    if (past.length > DEPTH) past.shift()
    future.length = 0
    place = where
    at = now()
  }

  /** The document one step back from `current`; null if there is none. */
  function undo(current: D): D | null {
    return step(past, future, current)
  }

  function redo(current: D): D | null {
    return step(future, past, current)
  }

  function step(from: D[], to: D[], current: D): D | null {
    const found = from.pop()
    if (found === undefined) return null
    to.push(current)
    place = ''
    return found
  }

  function clear(): void {
    past.length = 0
    future.length = 0
    place = ''
  }

  return { record, undo, redo, clear, canUndo: computed(() => past.length > 0), canRedo: computed(() => future.length > 0) }
}

/** Switches and choices are steps of their own; letters are not. */
function isTyped(document: unknown, where: string): boolean {
  const value = where.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], document)
  return typeof value === 'string' || typeof value === 'number'
}
