import { Api, Refused } from './api'
import { Memory } from './memory'
import type { Heard } from './sse'
import type { FileRef, Look, Note, Person, Session, Setup, State, Told } from './types'
import { page } from './visit'

/** Something promised to the server; kept until it took it. */
interface Post {
  uuid: string
  type: 'message' | 'profile' | 'consent' | 'request'
  body: object
  note?: Note
}

const ORDER: State[] = ['sending', 'sent', 'delivered', 'read']
const TYPING_SHOWN_MS = 6_000
const TYPING_TOLD_MS = 4_000
const HIDDEN_MS = 60_000
const LONGEST_WAIT_MS = 30_000

/** One visitor's talk: what was said, what is still to be sent, and the stream of news. */
export class Talk {
  notes: Note[] = []
  look: Look
  unread = 0
  typing = ''
  offline = false
  closed = false
  gone = false
  attending = false
  /** How far words left outside working hours have got. */
  left: '' | 'sending' | 'sent' | 'refused' = ''

  readonly #memory: Memory
  #outbox: Post[]
  #after = 0
  #known?: Promise<void>
  #stream: AbortController | null = null
  #sending = false
  #failures = 0
  #typingTimer = 0
  #typedAt = 0

  readonly #thanks: string
  readonly #changed: () => void

  constructor(
    setup: Setup,
    changed: () => void,
    readonly api: Api = new Api(setup)
  ) {
    this.#changed = changed
    this.#thanks = setup.texts.thanks
    this.look = setup.config
    this.#memory = new Memory(`callgear:${setup.key}:`)
    api.visitor = this.#memory.get<string>('visitor') ?? ''
    this.#outbox = this.#memory.get<Post[]>('outbox') ?? []
    this.#outbox.forEach((post) => post.note && this.notes.push(post.note))
    page(this.#memory)
    document.addEventListener('visibilitychange', () => this.#seen())
  }

  /** Who was here before hears what is new at once; others cost nothing until they open. */
  start(): void {
    if (this.api.visitor) void this.meet()
    if (this.#outbox.length) void this.#flush()
  }

  /** Learn who we are and what was said; asked again only when the last try failed. */
  meet(): Promise<void> {
    this.#known ??= this.#introduce().catch((error: unknown) => {
      this.#known = undefined
      this.gone = error instanceof Refused
      this.offline = !this.gone
      this.#changed()
      throw error
    })
    return this.#known.catch(() => {})
  }

  /** Whether the greeting has come forward by itself already; asked once. */
  greeted(): boolean {
    const before = this.#memory.get('greeted')
    this.#memory.set('greeted', true)
    return !!before
  }

  get agreed(): boolean {
    return !this.look.consent || !!this.#memory.get('consent')
  }

  get introduced(): boolean {
    return !this.look.contact_form || !!this.#memory.get('introduced') || this.notes.length > 0
  }

  agree(): void {
    if (this.agreed) return
    this.#memory.set('consent', true)
    this.#post('consent', {})
  }

  tellWho(person: Person | null): void {
    this.#memory.set('introduced', true)
    if (person) this.#post('profile', person)
    this.#changed()
  }

  /** Words for somebody who will be back; they are kept and sent like all others. */
  leave(body: object): void {
    this.left = 'sending'
    this.#post('request', { ...body, page: page(this.#memory) })
  }

  send(text: string, attachments: FileRef[]): void {
    const at = new Date().toISOString()
    const note: Note = { id: '', uuid: uuid(), direction: 'in', author: '', text, attachments, at, state: 'sending' }
    this.closed = false
    this.notes.push(note)
    this.retry(note)
  }

  /** The same uuid again: however often it is sent, it stays one message. */
  retry(note: Note): void {
    const files = note.attachments.map((file) => file.id)
    note.state = 'sending'
    this.#post('message', { text: note.text, files, page: page(this.#memory) }, note)
  }

  /** The visitor types: the operator may know, now and then. */
  typed(): void {
    if (!this.notes.length || Date.now() - this.#typedAt < TYPING_TOLD_MS) return
    this.#typedAt = Date.now()
    void this.api.hook({ uuid: uuid(), type: 'typing' }).catch(() => {})
  }

  /** Whether the visitor looks at the log now; what they saw is told as read. */
  attend(looks: boolean): void {
    this.attending = looks
    this.#seen()
  }

  #seen(): void {
    this.#mind()
    if (!this.unread || !this.#looks) return
    this.unread = 0
    this.#tell()
    this.#changed()
  }

  get #looks(): boolean {
    return this.attending && !document.hidden
  }

  #tell(): void {
    void this.api.hook({ uuid: uuid(), type: this.#looks ? 'read' : 'delivered' }).catch(() => {})
  }

  #post(type: Post['type'], body: object, note?: Note): void {
    this.#outbox.push({ uuid: note?.uuid ?? uuid(), type, body, note })
    this.#keep()
    this.#changed()
    void this.#flush()
  }

  /** Send what waits, one after another; the network may come and go. */
  async #flush(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    for (let post = this.#outbox[0]; post && !this.gone; post = this.#outbox[0]) {
      try {
        await this.meet()
        if (!this.api.visitor) throw new Error('unknown')
        await this.#carry(post)
        this.#outbox.shift()
        if (post.note) this.#move(post.note, 'sent')
        if (post.type === 'request') this.#thank()
        this.#failures = 0
        this.offline = false
        this.#mind()
      } catch (error) {
        await this.#failed(post, error)
      }
      this.#keep()
      this.#changed()
    }
    this.#sending = false
  }

  /** Said in the log by nobody: it lives as long as the page. */
  #thank(): void {
    this.left = 'sent'
    const at = new Date().toISOString()
    this.notes.push({ id: '', uuid: uuid(), direction: 'out', author: '', text: this.#thanks, attachments: [], at, state: 'sent' })
  }

  #carry({ uuid, type, body }: Post): Promise<void> {
    if (type === 'consent') return this.api.consent()
    return type === 'request' ? this.api.leave({ ...body, uuid }) : this.api.hook({ ...body, uuid, type })
  }

  async #failed(post: Post, error: unknown): Promise<void> {
    if (error instanceof Refused && error.status !== 401) {
      this.#outbox.shift()
      if (post.note) post.note.state = 'failed'
      if (post.type === 'request') this.left = 'refused'
      return
    }
    if (error instanceof Refused) this.#known = undefined // the server gives another token
    this.offline = true
    this.#changed()
    await this.#pause(this.#failures++)
  }

  async #introduce(): Promise<void> {
    const told: Session = await this.api.session()
    this.api.visitor = told.visitor
    this.#memory.set('visitor', told.visitor)
    this.look = told.config
    this.#after = told.after
    this.unread = told.unread
    this.offline = false
    const waiting = this.notes.filter((note) => !note.id)
    this.notes = []
    told.messages.forEach((message) => this.#apply(message))
    waiting.forEach((note) => this.#find(note) ?? this.notes.push(note))
    this.#seen()
    if (this.unread) this.#tell()
    this.#changed()
  }

  /** Keep the stream open while there is a talk and somebody could look at it. */
  #mind(): void {
    if (document.hidden) {
      setTimeout(() => document.hidden && this.#stream?.abort(), HIDDEN_MS)
    } else if (this.notes.some((note) => note.state !== 'sending') && !this.#stream && !this.gone) {
      void this.#follow()
    }
  }

  async #follow(): Promise<void> {
    const stop = (this.#stream = new AbortController())
    for (let tries = 0; !stop.signal.aborted && !this.gone; tries++) {
      const status = await this.api.listen(this.#after, stop.signal, (news) => {
        tries = 0
        this.#hear(news)
      })
      if (status === 404 || status === 403) this.gone = true
      if (status === 401) this.#known = undefined
      this.offline = status !== 200 && !stop.signal.aborted
      this.#changed()
      if (!stop.signal.aborted) await this.#pause(tries)
      await this.meet()
    }
    this.#stream = null
  }

  #hear({ id, event, data }: Heard): void {
    const told = JSON.parse(data)
    this.offline = false
    if (event === 'message') this.#arrived(told)
    if (event === 'typing') this.#showTyping(told.author || '…')
    if (event === 'read') this.#allRead()
    if (event === 'closed') this.closed = true
    if (id) this.#after = +id
    if (event === 'reset') {
      this.#known = undefined
      void this.meet()
    }
    this.#changed()
  }

  #arrived(told: Told): void {
    const fresh = !this.#find(told)
    this.#apply(told)
    if (told.direction !== 'out' || told.deleted) return
    if (fresh) {
      this.closed = false
      this.#showTyping('')
      this.#allRead()
      if (!this.#looks) this.unread++
    }
    // What is only on its way, by the server's account, cannot have come yet.
    if (told.state === 'sent') this.#tell()
  }

  #apply(told: Told): void {
    const known = this.#find(told)
    const { state, ...rest } = told
    if (told.deleted) this.notes = this.notes.filter((note) => note !== known)
    else if (!known) this.notes.push(told as Note)
    else this.#move(Object.assign(known, rest), state as State)
  }

  #find({ id, uuid }: Pick<Told, 'id' | 'uuid'>): Note | undefined {
    return this.notes.find((note) => (id && note.id === id) || (uuid && note.uuid === uuid))
  }

  /** An answer means that all of the visitor's words before it were read. */
  #allRead(): void {
    this.notes.forEach((note) => note.direction === 'in' && note.id && this.#move(note, 'read'))
  }

  #move(note: Note, state: State): void {
    if (ORDER.indexOf(state) > ORDER.indexOf(note.state)) note.state = state
  }

  #showTyping(author: string): void {
    clearTimeout(this.#typingTimer)
    this.typing = author
    if (!author) return
    this.#typingTimer = window.setTimeout(() => {
      this.typing = ''
      this.#changed()
    }, TYPING_SHOWN_MS)
  }

  /** Longer after every failure, but no longer than until the network is back. */
  #pause(tries: number): Promise<void> {
    const wait = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** tries) * (0.75 + Math.random() / 2)
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        removeEventListener('online', done)
        resolve()
      }
      const timer = setTimeout(done, wait)
      addEventListener('online', done)
    })
  }

  #keep(): void {
    this.#memory.set('outbox', this.#outbox)
  }
}

/** Not randomUUID: that exists on https pages only, and sites may be plain http. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
