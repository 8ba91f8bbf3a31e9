/** The vocabulary of work among colleagues: statuses, rights, transfers, tags. */

import type { Id, Person, Time } from './types'

export const SWITCHES = ['accept', 'accept_transfer', 'transfer', 'write', 'close', 'distribute', 'worktime'] as const
export type Switch = typeof SWITCHES[number]
export const COLOURS = ['green', 'yellow', 'orange', 'red', 'violet', 'blue', 'grey'] as const
export type Colour = typeof COLOURS[number]
export const ICONS = ['check', 'pause', 'minus', 'moon', 'cross', 'question', 'clock', 'star', 'phone', 'home'] as const
export type StatusIconName = typeof ICONS[number]

export interface Status extends Record<Switch, boolean> {
  id: string
  /** Empty for a system one: its id says what it is. */
  name: string
  system: boolean
  colour: Colour
  icon: StatusIconName
  selectable: boolean
}

export type Right = 'others' | 'force' | 'tags'
export type Role = 'operator' | 'manager' | 'administrator'

export interface Tag { id: Id; name: string; colour: Colour; count: number }

export interface Transfer {
  id: Id
  conversation_id: Id
  state: 'pending' | 'accepted' | 'declined' | 'cancelled' | 'void' | 'forced'
  from: Person | null
  to: Person | null
  group: { id: Id; name: string } | null
  receivers: Id[]
  comment: string
  client: { name: string; channel: { kind: string; name: string } }
  ended_by: Person | null
  created_at: Time
}

export interface Colleague extends Person {
  position: string
  groups: Id[]
  role: Role
  status: string
  here: boolean
  takes_transfers: boolean
}
export interface Group { id: Id; name: string; people: Id[] }

export interface WorkplaceFacts {
  role: Role
  rights: Record<Right, boolean>
  confirm_accept: boolean
  status: { id: string; since: Time | null }
  statuses: Status[]
  pins: Id[]
  tags: Tag[]
  transfers: Transfer[]
}

export interface WorkplaceDocument { confirm_accept: boolean; operators_may: Right[]; statuses: Status[] }
