/** News for pages that show no chats: about channels, and whatever else the page listens to. */

import type { App } from './app'
import { Live } from './live'
import type { ChannelsStore } from './store/channels'
import type { Channel, LiveEvent } from './types'

export type ChannelNews = Channel & { deleted?: boolean }

export type Ears = Record<string, (data: unknown) => void>

/** `again` is called when too much was missed: everything shown has to be read anew. */
export function openChannelNews({ api, boot, channels, session }: Pick<App, 'api' | 'boot' | 'channels' | 'session'>, ears: Ears = {}, again: () => void = () => undefined): () => void {
  const live = new Live({
    api,
    after: boot.live_after,
    onEvent: (event: LiveEvent) => {
      if (event.kind === 'channel') hearChannel(channels, event.data as ChannelNews)
      ears[event.kind]?.(event.data)
    },
    onReset: () => {
      void channels.load()
      again()
    },
    onState: (state, transport) => { Object.assign(session.state, { live: state, transport }) }
  })
  const hurry = () => live.hurry()
  window.addEventListener('online', hurry)
  window.addEventListener('focus', hurry)
  void live.run()

  return () => {
    live.stop()
    window.removeEventListener('online', hurry)
    window.removeEventListener('focus', hurry)
  }
}

export function hearChannel(channels: Pick<ChannelsStore, 'put' | 'drop'>, channel: ChannelNews): void {
  if (channel.deleted) channels.drop(channel.id)
  else channels.put(channel)
}
