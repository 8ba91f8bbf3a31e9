import { vi } from 'vitest'
import type { Texts } from '../src/widget/texts'
import type { Look, Setup, Told } from '../src/widget/types'

type Body = Record<string, unknown> & { uuid?: string; text?: string }

const WORDS = {
  open: 'Open the chat',
  agree: 'I agree',
  contact: 'Leave a phone number or an e-mail address.',
  offline: 'No connection. We keep trying.',
  thanks: 'Thank you!',
  tooLarge: 'The file is too large',
  typing: 'is typing…'
}

/** A word that a test does not name says its own name. */
export const TEXTS = new Proxy(WORDS, {
  get: (words, name) => (words as Record<string, string>)[String(name)] ?? String(name)
}) as unknown as Texts

export const LOOK: Look = {
  title: '',
  greeting: '',
  color: '',
  position: 'right',
  button: '',
  delay: 0,
  consent: null,
  contact_form: false,
  ask: [['name', 'optional'], ['phone', 'optional'], ['email', 'optional']],
  away: null,
  file_limit: 1000
}

export function setup(look: Partial<Look> = {}): Setup {
  return { key: 'k', api: 'https://chat.example', config: { ...LOOK, ...look }, texts: TEXTS }
}

/** The server as a widget on a site sees it: sessions, hooks, files and one open stream. */
export class Site {
  readonly calls: string[] = []
  readonly bodies: Body[] = []
  readonly streams: string[] = []
  history: Told[] = []
  broken = 0 // how many calls the network loses
  refusal = 0 // status that hooks answer
  stranger = '' // a token the server does not know
  gone = false
  slow = false // files come half, until `finish` is called
  finish = (): void => {}
  look: Look = LOOK
  private open: ReadableStreamDefaultController<Uint8Array> | null = null
  private number = 5

  constructor() {
    vi.stubGlobal('fetch', (url: string, options: RequestInit = {}) => this.serve(url, options))
    vi.stubGlobal('XMLHttpRequest', uploads(this))
  }

  hooks(type: string): Body[] {
    return this.bodies.filter((body) => body.type === type)
  }

  tell(event: string, data: unknown, number = ++this.number): void {
    const text = `id: ${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    this.open?.enqueue(new TextEncoder().encode(text))
  }

  cut(): void {
    this.open?.close()
  }

  answer(id: string, text: string): Told {
    const at = '2026-11-21T10:00:00Z'
    return { id, uuid: '', direction: 'out', author: 'Boris', text, attachments: [], at, state: 'sent' }
  }

  incoming(uuid: string, text: string): Told {
    return { ...this.answer('9', text), uuid, direction: 'in', author: '' }
  }

  private async serve(url: string, options: RequestInit): Promise<Response> {
    this.calls.push(url)
    if (url.includes('/events')) return this.stream(url, options)
    if (this.broken-- > 0) throw new TypeError('network')
    if (this.gone) return new Response('{}', { status: 404 })
    const body: Body = typeof options.body === 'string' ? JSON.parse(options.body) : {}
    if (url.includes('/session')) return Response.json(this.session(body.visitor as string | null))
    if (url.includes('/requests')) this.bodies.push({ type: 'request', ...body })
    if (url.includes('/consent')) this.bodies.push({ type: 'consent' })
    if (url.includes('/hooks/')) this.bodies.push(body)
    if (body.visitor === this.stranger && this.stranger) return new Response('{}', { status: 401 })
    return Response.json({ ok: true }, { status: this.refusal || 200 })
  }

  private session(visitor: string | null): object {
    const known = visitor && visitor !== this.stranger
    return {
      visitor: known ? visitor : 'token-1',
      config: this.look,
      messages: this.history,
      after: 5,
      unread: 0
    }
  }

  private stream(url: string, options: RequestInit): Response {
    this.streams.push(url)
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.open = controller
        this.tell('ready', { last: this.number }, this.number)
        options.signal?.addEventListener('abort', () => controller.error(new Error('aborted')))
      }
    })
    return new Response(body)
  }
}

/** An upload that tells of its half and then is there. */
function uploads(site: Site): unknown {
  return class {
    status = 0
    responseText = ''
    upload: { onprogress?: (at: object) => void } = {}
    onload = () => {}
    onerror = (_: unknown) => {}
    open(_: string, url: string): void {
      site.calls.push(url)
    }
    setRequestHeader(): void {}
    send(form: FormData): void {
      const file = form.get('file') as File
      this.upload.onprogress?.({ loaded: 1, total: 2 })
      if (site.broken-- > 0) return this.onerror(new Error('network'))
      this.status = site.refusal || 201
      this.responseText = JSON.stringify({ id: '3', name: file.name, size: file.size, mime: 'image/png', url: null })
      if (site.slow) site.finish = () => this.onload()
      else setTimeout(() => this.onload())
    }
  }
}

/** Lets everything that is ready happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setTimeout(resolve, 0))
}
