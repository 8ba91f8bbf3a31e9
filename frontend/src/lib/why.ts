/** Any place may ask why an inquiry went where it went; the panel of the page listens. */

import { readonly, ref, shallowRef } from 'vue'
import type { RulesKind } from './rules'
import type { Id } from './types'

/** A decision, or the latest one about a chat. */
export type Asked = { decision: Id } | { chat: Id }

const opened = ref<Asked | null>(null)

/** What is being explained, null if nothing. */
export const whyOpen = readonly(opened)

export function openWhy(decisionId: Id): void {
  opened.value = { decision: decisionId }
}

export function openWhyOfChat(conversationId: Id): void {
  opened.value = { chat: conversationId }
}

export function closeWhy(): void {
  opened.value = null
}

type Opener = (kind: RulesKind) => void

/** How the settings show the versions of their rules; null elsewhere. */
export const versionsOpener = shallowRef<Opener | null>(null)
