/** The vocabulary of the API. Ids are strings, times are RFC 3339 in UTC. */

export type Id = string
export type Time = string

export type PlacementName =
  | 'install' | 'home' | 'left_menu' | 'deal_tab' | 'lead_tab' | 'contact_tab' | 'company_tab'
  | 'contact_center' | 'connector_settings'

export interface Person { id: Id; name: string; photo_url?: string | null }
export interface User extends Person {
  admin: boolean
  /** An administrator, or an employee named by one. */
  may_configure?: boolean
}
export interface Portal { id: Id; domain: string; origin: string; status: string }
export interface Entity { type: 'deal' | 'lead' | 'contact' | 'company'; id: Id }

export interface Preferences {
  theme?: 'light' | 'dark'
  sound?: boolean
  send_on_enter?: boolean
  desktop?: boolean
  lang?: 'ru' | 'en'
}

export interface Boot {
  token: string
  expires_in: number
  placement: PlacementName
  lang: 'ru' | 'en'
  theme: 'light' | 'dark'
  version: string
  portal: Portal
  user: User
  entity: Entity | null
  connector: { line: Id; connector: string; active: boolean } | null
  live_after: number
  preferences: Preferences
  conversation: Id | null
  /** Signed in outside Bitrix24, in a tab of its own. */
  standalone?: boolean
}

export type ConversationStatus = 'new' | 'active' | 'closed'
export type MessageState = 'received' | 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed'
export type Direction = 'in' | 'out' | 'system'

export interface Contact {
  id: Id
  name: string
  phone?: string | null
  email?: string | null
  avatar_url?: string | null
  username?: string | null
  /** The client has stopped the bot or forbidden us to write. */
  blocked?: boolean
}

export interface Pin extends Entity { url: string }
export interface CrmLink { id: Id; url: string }
export interface Crm {
  state?: string | null
  error?: string | null
  lead?: CrmLink | null
  deal?: CrmLink | null
  contact?: CrmLink | null
  company?: CrmLink | null
  /** The card that an operator has chosen for the chat: it goes before the rules. */
  pin?: Pin | null
}

export interface Visit {
  page_url?: string | null
  page_title?: string | null
  referrer?: string | null
  utm?: Record<string, string> | null
}

export interface Conversation {
  id: Id
  status: ConversationStatus
  version: number
  channel: { id: Id; kind: string; name: string }
  contact: Contact
  responsible: Person | null
  last_message: { id: Id; text: string; kind?: string; direction: Direction; at: Time; state?: MessageState } | null
  unread: number
  waiting_since: Time | null
  opened_at: Time
  accepted_at: Time | null
  closed_at: Time | null
  first_reply_at: Time | null
  visit: Visit | null
  line: { id: Id; chat_id: Id | null; session_id: Id | null } | null
  crm: Crm | null
  draft: string
  /** Until when free words may be sent; null: at any time. `until` null: the client never wrote. */
  window?: { until: Time | null } | null
  may: { accept: boolean; reply: boolean; close: boolean; reopen: boolean }
  /** Ids of its tags. */
  tags?: Id[]
  /** Why I cannot write here now, if it is my status that forbids it. */
  silent?: string
}

export interface Attachment {
  id: Id
  kind: string
  name: string
  size: number | null
  mime: string
  url: string | null
  state?: string
  duration_seconds?: number | null
}

export interface Quote { id: Id | null; text: string; author: string | null }

export interface Message {
  id: Id
  conversation_id: Id
  version: number
  direction: Direction
  origin: 'channel' | 'workplace' | 'line' | 'device' | 'bot' | 'system'
  author: { id: Id | null; name: string } | null
  text: string
  attachments: Attachment[]
  quote: Quote | null
  laid_out?: boolean
  state: MessageState
  error: { code: string; message: string } | null
  client_uuid: string | null
  at: Time
  edited_at: Time | null
  /** The emoji that the client put to it, or nothing. */
  reaction?: string
  deleted: boolean
  system?: { code?: string; params?: Record<string, string> } | null
}

export type RequestStatus = 'new' | 'active' | 'done'

/** What somebody left on a site while nobody could answer, or in a form: «заявка». */
export interface OfflineRequest {
  id: Id
  status: RequestStatus
  /** form, widget or email: how it came. */
  kind: string
  channel: { id: Id; kind: string; name: string }
  contact: Contact
  name: string
  phone: string
  email: string
  text: string
  form_name: string
  form: Record<string, unknown>
  visit: Visit & Record<string, unknown>
  created_at: Time
  taken_at: Time | null
  done_at: Time | null
  responsible: Person | null
  /** What employees wrote about it; clients never see it. */
  note: string
  crm: Crm
  may: { take: boolean; finish: boolean; reopen: boolean }
}

/** A client as a list shows them, with the addresses by which channels know them. */
export interface ContactLine {
  id: Id
  name: string
  phone: string
  email: string
  avatar_url: string
  created_at: Time
  identities: { id: Id; channel: { id: Id; kind: string; name: string }; name: string; username: string; blocked: boolean }[]
}

export interface ContactCard extends ContactLine {
  /** Further phones and e-mails. */
  addresses: { kind: 'phone' | 'email'; value: string }[]
  crm: Crm
  conversations: Conversation[]
  requests: OfflineRequest[]
}

export interface Counters { new: number; active: number; active_unread: number; others: number; closed: number }

export interface Channel {
  id: Id
  kind: string
  name: string
  state: 'working' | 'attention' | 'disconnected'
  last_error: string | null
  /** Reason → how many of its news nobody is shown. */
  skipped?: Record<string, number>
  last_in_at: Time | null
  last_out_at: Time | null
  silence: { hours: number; since: Time | null }
  waiting: number
  external_id: string | null
  link: string | null
  settings: Record<string, unknown>
  secrets_set: string[]
  line: { id: Id; connector: string } | null
  widget: { key: string; snippet: string; script_url: string } | null
  created_at: Time
}

export interface ChannelField {
  name: string
  label: string
  type: 'text' | 'secret' | 'url' | 'list' | 'bool' | 'choice' | 'hours' | 'zone'
  required: boolean
  help?: string | null
  default?: unknown
  options?: { value: string; label: string }[]
  group?: string
}
export interface ChannelLimits { text: number; caption: number; file: number; edit: boolean; delete: boolean; receipts: boolean; typing: boolean }
/** What is asked next before an account is connected; `state` goes back with the answers. */
export interface LoginStep { state: string; text: string; fields: ChannelField[]; picture: string | null; again_seconds: number | null }
export interface ChannelKind { kind: string; title: string; fields: ChannelField[]; steps: string[]; widget?: boolean; limits: ChannelLimits }

export interface Line {
  line: { id: Id; name: string }
  connector: string
  connected: boolean
  channels: Id[]
  settings_url: string | null
  /** As Bitrix24 sees it; null: it did not say. */
  bitrix: { on: boolean | null; connected: boolean | null }
  trouble: '' | 'switched_off' | 'disconnected' | 'refused' | 'parked' | 'unserved'
}

/** Replies of a line that no channel serves: they reached nobody. */
export interface LineStray { id: Id; line: Id; channel: Id | null; count: number; last_at: string }

export interface InstallStep {
  id: string
  title: string
  state: 'wanted' | 'running' | 'done' | 'failed'
  error: string | null
}
export interface Installation { steps: InstallStep[]; finished: boolean }

export interface List<T> { items: T[]; next: string | null }

export interface LiveEvent { id: number; kind: string; data: unknown }
