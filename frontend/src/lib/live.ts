/** Live news: WebSocket, else a streamed answer, else asking again and again; resumed by event id. */

import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { ApiError, type Api } from './api'
import { pauseAfter } from './backoff'
import type { LiveEvent } from './types'

export type LiveState = 'connecting' | 'open' | 'lost'
export type TransportName = 'socket' | 'stream' | 'poll'

export interface LiveSettings {
  api: Pick<Api, 'get' | 'post' | 'stream'>
  after: number
  onEvent: (event: LiveEvent) => void
  /** Too much was missed: everything shown has to be read again. */
  onReset: () => void
  onState?: (state: LiveState, transport: TransportName) => void
  socket?: (url: string) => WebSocket
  url?: string
  random?: () => number
}

interface Line {
  signal: AbortSignal
  after: () => number
  alive: () => void
  ready: () => void
  /** The server answered: from here on a failure is the transport's own. */
  reached: () => void
  event: (event: LiveEvent) => void
  reset: (last: number) => void
}

type Transport = (line: Line) => Promise<void>

const CONNECT_MS = 12_000
const SILENCE_MS = 45_000
const POLL_MS = 3_000
/** A connection that held so long was a good one: the next pause is short again. */
const STABLE_MS = 10_000
/** A transport that fails so often in a row, with the server there, is left for the next one. */
const PATIENCE = 2
/** So often somebody on a lesser transport tries the better ones again. */
const CLIMB_MS = 5 * 60_000

const ORDER: TransportName[] = ['socket', 'stream', 'poll']

export class Live {
  private after: number
  private failures = 0
  private rank = 0
  private failedHere = 0
  private climbing = false
  private reached = false
  private stopped = false
  private current: AbortController | null = null
  private wake: (() => void) | null = null
  private readonly settings: LiveSettings
  private readonly transports: Record<TransportName, Transport>

  constructor(settings: LiveSettings) {
    this.settings = settings
    this.after = settings.after
    this.transports = {
      socket: (line) => this.bySocket(line),
      stream: (line) => this.byStream(line),
      poll: (line) => this.byPolling(line)
    }
  }

  get last(): number {
    return this.after
  }

  get transport(): TransportName {
    return ORDER[this.rank] ?? 'poll'
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      this.tell(this.failures > 1 ? 'lost' : 'connecting')
      const openMs = await this.connect()
      if (this.stopped) return
      this.judge(openMs)
      await this.pause(pauseAfter(this.failures, this.settings.random))
    }
  }

  stop(): void {
    this.stopped = true
    this.current?.abort()
    this.wake?.()
  }

  /** The network is back or the page is seen again: no reason to wait out the pause. */
  hurry(): void {
    this.wake?.()
  }

  /** Runs one connection to its end; returns how long it was open, null if it never was. */
  private async connect(): Promise<number | null> {
    const control = new AbortController()
    this.current = control
    const watchdog = new Watchdog(CONNECT_MS, () => control.abort())
    let openedAt: number | null = null
    this.reached = false
    const line: Line = {
      signal: control.signal,
      after: () => this.after,
      alive: () => watchdog.feed(SILENCE_MS),
      ready: () => {
        watchdog.feed(SILENCE_MS)
        openedAt ??= Date.now()
        this.tell('open')
      },
      reached: () => { this.reached = true },
      event: (event) => this.take(event),
      reset: (last) => {
        this.after = last
        this.settings.onReset()
      }
    }
    try {
      await this.transports[this.transport](line)
    } catch {
      // Whatever broke the line, the answer is the same: connect again.
    } finally {
      watchdog.stop()
      control.abort()
    }
    return openedAt === null ? null : Date.now() - openedAt
  }

  private take(event: LiveEvent): void {
    if (event.id <= this.after) return
    this.after = event.id
    this.settings.onEvent(event)
  }

  private judge(openMs: number | null): void {
    if (openMs !== null && openMs > STABLE_MS) this.failures = 0
    this.failures += 1
    if (this.climbing) return this.climb()
    if (openMs !== null) this.failedHere = 0
    else if (this.reached) this.failedHere += 1
    if (this.failedHere < PATIENCE) return
    this.failedHere = 0
    this.rank = (this.rank + 1) % ORDER.length
  }

  /** One try for each better transport; what fails falls straight back. */
  private climb(): void {
    this.climbing = false
    this.rank = 0
    this.failedHere = PATIENCE - 1
  }

  private async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => { clearTimeout(timer); resolve() }
    })
    this.wake = null
  }

  private tell(state: LiveState): void {
    this.settings.onState?.(state, this.transport)
  }

  private async bySocket(line: Line): Promise<void> {
    const { ticket } = await this.settings.api.post<{ ticket: string }>('/live/ticket', undefined, { signal: line.signal })
    line.reached()
    if (line.signal.aborted) return
    const socket = (this.settings.socket ?? ((url) => new WebSocket(url)))(this.settings.url ?? socketUrl())
    await new Promise<void>((resolve) => {
      socket.onopen = () => socket.send(JSON.stringify({ ticket, after: line.after() }))
      socket.onmessage = (message) => read(JSON.parse(String(message.data)), line)
      socket.onclose = () => resolve()
      line.signal.addEventListener('abort', () => { socket.close(); resolve() }, { once: true })
    })
  }

  private async byStream(line: Line): Promise<void> {
    const answer = await this.openStream(line)
    line.reached()
    if (!answer.body) throw new Error('no body')
    line.ready()
    const climb = setTimeout(() => { this.climbing = true; this.current?.abort() }, CLIMB_MS)
    try {
      await readStream(answer.body, line)
    } finally {
      clearTimeout(climb)
    }
  }

  /** Refused with a status: the server is there, the stream is not. */
  private async openStream(line: Line): Promise<Response> {
    try {
      return await this.settings.api.stream('/stream', { 'Last-Event-ID': String(line.after()) }, line.signal)
    } catch (error) {
      if (error instanceof ApiError) line.reached()
      throw error
    }
  }

  private async byPolling(line: Line): Promise<void> {
    type Answer = { items?: LiveEvent[]; last: number; reset?: boolean }
    const until = Date.now() + CLIMB_MS
    while (!line.signal.aborted && Date.now() < until) {
      const answer = await this.settings.api.get<Answer>('/events', { query: { after: line.after() }, signal: line.signal })
      line.ready()
      if (answer.reset) line.reset(answer.last)
      for (const event of answer.items ?? []) line.event(event)
      await this.pause(POLL_MS)
    }
    this.climbing = !line.signal.aborted
  }
}

interface Frame { id?: number; kind: string; data?: unknown; last?: number }

function read(frame: Frame, line: Line): void {
  line.alive()
  if (frame.kind === 'ping') return
  if (frame.kind === 'ready') return line.ready()
  if (frame.kind === 'reset') return line.reset(frame.last ?? line.after())
  if (frame.id) line.event({ id: frame.id, kind: frame.kind, data: frame.data })
}

async function readStream(body: ReadableStream<Uint8Array>, line: Line): Promise<void> {
  const parser = createParser({
    onEvent: (event) => read(frameOf(event), line),
    onComment: () => line.alive()
  })
  const reader = body.getReader()
  const decoder = new TextDecoder()
  line.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined), { once: true })
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    parser.feed(decoder.decode(value, { stream: true }))
  }
}

function frameOf(event: EventSourceMessage): Frame {
  const kind = event.event ?? 'message'
  const data = event.data ? (JSON.parse(event.data) as unknown) : {}
  const last = (data as { last?: number } | null)?.last
  return { kind, data, ...(event.id ? { id: Number(event.id) } : {}), ...(last === undefined ? {} : { last }) }
}

function socketUrl(): string {
  return `${location.origin.replace(/^http/, 'ws')}/api/v1/live`
}

class Watchdog {
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly bark: () => void

  constructor(ms: number, bark: () => void) {
    this.bark = bark
    this.feed(ms)
  }

  feed(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(this.bark, ms)
  }

  stop(): void {
    clearTimeout(this.timer)
  }
}
