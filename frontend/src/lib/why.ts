/** Any place of the settings may ask to open the "why?" page of a decision; the page listens. */

import { readonly, ref } from 'vue'
import type { Id } from './types'

const opened = ref<Id | null>(null)

/** The decision being explained, null if none. */
export const whyOpen = readonly(opened)

export function openWhy(decisionId: Id): void {
  opened.value = decisionId
}

export function closeWhy(): void {
  opened.value = null
}
