/** The card of CRM that a person chooses for a chat; what was done can be taken back. */

import { useToast } from '@bitrix24/b24ui-nuxt/composables/useToast'
import { useApp } from '../lib/app'
import type { LiveCandidate } from '../lib/decisions'
import { explain } from '../lib/explain'
import { t } from '../lib/i18n'
import type { Conversation, Entity, Id } from '../lib/types'

const LINK = /\/crm\/(deal|lead|contact|company)\/details\/(\d+)/

/** The card that an address of Bitrix24 leads to. */
export function cardOfLink(text: string): Entity | null {
  const found = LINK.exec(text)
  return found ? { type: found[1] as Entity['type'], id: found[2]! } : null
}

export function usePinning() {
  const { api, conversations } = useApp()
  const toast = useToast()

  async function candidates(id: Id, signal: AbortSignal): Promise<LiveCandidate[]> {
    const { items } = await api.get<{ items: LiveCandidate[] }>(`/conversations/${id}/candidates`, { signal })
    return items
  }

  async function put(id: Id, card: Entity | null): Promise<void> {
    const path = `/conversations/${id}/pin`
    conversations.put(card ? await api.put<Conversation>(path, { type: card.type, id: card.id }) : await api.delete<Conversation>(path))
  }

  /** null: the rules choose again. A refusal is the caller's to show. */
  async function change(id: Id, card: Entity | null): Promise<void> {
    const before = conversations.known.get(id)?.crm?.pin ?? null
    await put(id, card)
    toast.add({
      id: 'pin',
      title: card ? t('The card is pinned to the chat') : t('The rules choose the card again'),
      description: card ? t('What is said next goes there.') : '',
      actions: [{ label: t('Take it back'), color: 'air-secondary-no-accent', onClick: () => { void undo(id, before) } }]
    })
  }

  async function undo(id: Id, before: Entity | null): Promise<void> {
    try {
      await put(id, before)
      toast.add({ id: 'pin', title: t('As it was before') })
    } catch (error) {
      refuse(error)
    }
  }

  function refuse(error: unknown): void {
    toast.add({ id: 'pin', title: t('It did not work'), description: explain(error), color: 'air-primary-alert' })
  }

  return { candidates, change, refuse }
}
