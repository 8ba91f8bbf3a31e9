import { expect, test } from 'vitest'
import { ApiError } from '../../src/lib/api'
import { createPortals, portalAddress, type PortalCard } from '../../src/lib/store/portals'

const card = (more: Partial<PortalCard> = {}): PortalCard => ({
  id: '1', name: 'Shop', domain: 'https://shop.example', kind: 'cloud', status: 'active', integration_active: false,
  parts: { chats: true, requests: false, open_lines: false }, current: true, may_open: true, waiting: false, ...more
})

function store(put: (path: string, body: object) => Promise<unknown>) {
  return createPortals({ get: async () => ({ items: [card()], next: null }), put } as never)
}

test('Open Lines switch the integration itself on, before the server says so', async () => {
  let seen: PortalCard | undefined
  const portals = store(async () => { seen = { ...portals.current.value! }; return card({ integration_active: true, parts: { chats: true, requests: false, open_lines: true } }) })
  await portals.load()
  await portals.change('1', { parts: { open_lines: true } })
  expect([seen?.integration_active, seen?.parts]).toEqual([true, { chats: true, requests: false, open_lines: true }])
})

test('a refused change is put back', async () => {
  const portals = store(async () => { throw new ApiError(403, { code: 'denied', message: 'No.' }) })
  await portals.load()
  await expect(portals.change('1', { integration_active: true })).rejects.toThrow('No.')
  expect([portals.current.value?.integration_active, portals.state.busy]).toEqual([false, []])
})

test('an address is read as people paste it', () => {
  expect([' Shop.Bitrix24.ru/crm/deal/?a=1', 'https://b24.firm.example:8443', 'http://x.example'].map(portalAddress))
    .toEqual(['https://shop.bitrix24.ru', 'https://b24.firm.example:8443', 'https://x.example'])
  expect(['', 'shop', 'https://', 'two words.ru'].map(portalAddress)).toEqual([null, null, null, null])
})
