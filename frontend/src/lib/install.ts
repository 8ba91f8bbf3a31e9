/** The workplace as an application of its own: its worker, and the browser's offer to install it. */

import { shallowRef } from 'vue'

interface Offer extends Event { prompt: () => Promise<{ outcome: 'accepted' | 'dismissed' }> }

/** The browser's offer, once it has made one; null: it makes none, or it was taken. */
export const offer = shallowRef<Offer | null>(null)

/** For a page in a tab of its own; inside Bitrix24 nothing is installed. */
export function offerInstallation(): void {
  if (window.parent !== window) return
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    offer.value = event as Offer
  })
  window.addEventListener('appinstalled', () => { offer.value = null })
  void navigator.serviceWorker?.register('/app/worker.js', { scope: '/app' }).catch(() => undefined)
}

export async function acceptOffer(): Promise<void> {
  const made = offer.value
  offer.value = null
  await made?.prompt()
}

/** Opened from its own icon already. */
export function isInstalled(): boolean {
  return window.matchMedia('(display-mode: standalone)').matches
}
