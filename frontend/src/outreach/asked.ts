/** What is typed into the search as an address that one may write to first. */

import type { Ability, AddressKind } from '../lib/store/abilities'
import type { Group } from '../lib/store/conversations'
import type { KnownAddress } from '../lib/store/outreach'
import type { Channel } from '../lib/types'

const PHONE = /^\+?[\d\s().-]+$/
const NICKNAME = /^(?:@|(?:https?:\/\/)?(?:t|telegram)\.me\/)([a-z0-9_.]{3,64})\/?$/i
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/
const SHORTEST = 10
const LONGEST = 15

/** A nickname needs its @ or its link here: a bare word is somebody's name. */
export function addressIn(text: string): KnownAddress | null {
  const typed = text.trim()
  const nickname = NICKNAME.exec(typed)?.[1]
  if (nickname && /\D/.test(nickname)) return { kind: 'username', value: `@${nickname}`, name: '' }
  if (EMAIL.test(typed)) return { kind: 'email', value: typed, name: '' }
  const digits = typed.replace(/\D/g, '').length
  if (PHONE.test(typed) && digits >= SHORTEST && digits <= LONGEST) return { kind: 'phone', value: typed, name: '' }
  return null
}

/** Whom to offer a chat with: an address that some channel understands and that nobody found has. */
export function strangerIn(text: string, groups: Group[], reached: Set<AddressKind>): KnownAddress | null {
  const address = addressIn(text)
  if (!address || !reached.has(address.kind)) return null
  return groups.some((group) => group.hits.some((hit) => !hit.found)) ? null : address
}

/** The kinds of address that channels in use understand. */
export function reachedBy(channels: Channel[], abilities: Ability[]): Set<AddressKind> {
  const active = new Set(channels.filter((channel) => channel.state !== 'disconnected').map((channel) => channel.kind))
  return new Set(abilities.filter((one) => active.has(one.kind)).flatMap((one) => one.reached_by))
}
