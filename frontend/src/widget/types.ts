import type { Texts } from './texts'

export interface Look {
  title: string
  greeting: string
  color: string
  position: 'left' | 'right'
  button: string
  delay: number
  consent: { text: string; url: string | null } | null
  contact_form: boolean
  ask: [keyof Person, 'optional' | 'required'][]
  /** What is said outside working hours; null while somebody may answer. */
  away: string | null
  file_limit: number
}

/** What the script's first line says of this widget. */
export interface Setup {
  key: string
  api: string
  config: Look
  texts: Texts
}

export interface FileRef {
  id: string
  kind?: string
  name: string
  size: number | null
  mime: string
  url: string | null
}

export type State = 'sending' | 'sent' | 'delivered' | 'read' | 'failed'

/** A message as the server tells it. */
export interface Told {
  id: string
  uuid: string
  direction: 'in' | 'out'
  author: string
  text: string
  attachments: FileRef[]
  at: string
  state: string
  deleted?: boolean
}

/** A message as the visitor sees it: `in` is their own. */
export interface Note extends Omit<Told, 'state'> {
  state: State
}

export interface Session {
  visitor: string
  config: Look
  messages: Told[]
  after: number
  unread: number
}

export interface Person {
  name?: string
  phone?: string
  email?: string
}
