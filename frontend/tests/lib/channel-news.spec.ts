import { expect, test } from 'vitest'
import { hearChannel, type ChannelNews } from '../../src/lib/channel-news'
import { createChannels } from '../../src/lib/store/channels'

const channel = (more: Partial<ChannelNews>) => ({ id: '1', name: 'Shop', state: 'working', ...more }) as ChannelNews
const channels = createChannels({} as never)

test('a channel in trouble changes its light', () => {
  hearChannel(channels, channel({}))
  hearChannel(channels, channel({ state: 'attention' }))
  expect(channels.state.items.map((known) => known.state)).toEqual(['attention'])
})

test('a removed channel goes', () => {
  hearChannel(channels, channel({ deleted: true }))
  expect(channels.state.items).toEqual([])
})
