/** The only door to the server: bearer token and its renewal, time-outs, typed errors. */

export interface Problem { code: string; message: string; fields?: Record<string, string> }

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly fields: Record<string, string>
  readonly retryAfterSeconds: number | null

  constructor(status: number, problem: Problem, retryAfterSeconds: number | null = null) {
    super(problem.message)
    this.name = 'ApiError'
    this.status = status
    this.code = problem.code
    this.fields = problem.fields ?? {}
    this.retryAfterSeconds = retryAfterSeconds
  }

  /** Nobody answered, or somebody between us and the server did: another try may help. */
  get passing(): boolean {
    return this.status === 0 || [429, 502, 503, 504].includes(this.status)
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>
export interface CallOptions { query?: Query; signal?: AbortSignal; timeoutMs?: number }
export interface Progress { (share: number): void }

export interface ApiSettings {
  token: string
  expiresInSeconds: number
  lang?: string
  base?: string
  /** Asks Bitrix24 for a fresh access token when our session of twelve hours is over. */
  refreshAuth?: () => Promise<string>
  /** A page outside Bitrix24: at renewals its browser's cookie must vouch as well. */
  standalone?: boolean
  onSessionLost?: (error: ApiError) => void
  fetch?: typeof fetch
  now?: () => number
  wait?: (ms: number) => Promise<void>
}

const RENEWAL = '/session/renew'
const EARLY_MS = 60_000
const TIMEOUT_MS = 20_000
const TRIES = 3
const LONGEST_TIMER_MS = 2_000_000_000

export class Api {
  private token: string
  private expiresAt: number
  private renewal: Promise<void> | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly base: string
  private readonly settings: ApiSettings
  private readonly now: () => number

  constructor(settings: ApiSettings) {
    this.settings = settings
    this.base = settings.base ?? '/api/v1'
    this.now = settings.now ?? Date.now
    this.token = settings.token
    this.expiresAt = this.now() + settings.expiresInSeconds * 1000
  }

  get<T>(path: string, options: CallOptions = {}): Promise<T> {
    return this.patiently(() => this.call<T>('GET', path, undefined, options))
  }

  post<T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
    return this.call<T>('POST', path, body, options)
  }

  put<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    return this.call<T>('PUT', path, body, options)
  }

  patch<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    return this.call<T>('PATCH', path, body, options)
  }

  delete<T>(path: string, options: CallOptions = {}): Promise<T> {
    return this.call<T>('DELETE', path, undefined, options)
  }

  /** Sends one file; XHR, because fetch cannot tell how much has gone. */
  async upload<T>(path: string, file: File, progress: Progress, signal: AbortSignal, extra: Record<string, string> = {}): Promise<T> {
    return this.authorized(() => this.transfer<T>(path, file, progress, signal, extra))
  }

  /** Opens an event stream; the caller reads the body. */
  async stream(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return this.authorized(async () => {
      const answer = await this.fetch(this.base + path, {
        headers: { ...this.headers(), ...headers, Accept: 'text/event-stream' },
        credentials: 'omit',
        cache: 'no-store',
        signal
      })
      if (!answer.ok) throw await errorOf(answer)
      return answer
    })
  }

  /** Keeps the token fresh while the page is open; returns how to stop. */
  keepFresh(): () => void {
    const arm = () => {
      const left = Math.max(this.expiresAt - this.now() - EARLY_MS, 5_000)
      this.timer = setTimeout(() => {
        this.renew().catch(() => undefined).finally(arm)
      }, Math.min(left, LONGEST_TIMER_MS))
    }
    arm()
    return () => clearTimeout(this.timer)
  }

  /** Gets a new token; calls that come meanwhile wait for the same one. */
  renew(): Promise<void> {
    this.renewal ??= this.renewNow().finally(() => { this.renewal = null })
    return this.renewal
  }

  private async renewNow(): Promise<void> {
    try {
      await this.askToken({})
    } catch (error) {
      if (!isOver(error)) throw error
      await this.renewByPortal(error)
    }
  }

  private async renewByPortal(reason: ApiError): Promise<void> {
    try {
      if (!this.settings.refreshAuth) throw reason
      await this.askToken({ auth_id: await this.settings.refreshAuth() })
    } catch (error) {
      if (!(error instanceof ApiError) || !error.passing) this.settings.onSessionLost?.(reason)
      throw error
    }
  }

  private async askToken(body: object): Promise<void> {
    type Answer = { token: string; expires_in: number }
    const fresh = await this.request<Answer>('POST', RENEWAL, body, {})
    this.token = fresh.token
    this.expiresAt = this.now() + fresh.expires_in * 1000
  }

  private call<T>(method: string, path: string, body: unknown, options: CallOptions): Promise<T> {
    return this.authorized(() => this.request<T>(method, path, body, options))
  }

  private async authorized<T>(attempt: () => Promise<T>): Promise<T> {
    if (this.now() > this.expiresAt - EARLY_MS) await this.renew().catch(() => undefined)
    const used = this.token
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      if (used === this.token) await this.renew()
      return attempt()
    }
  }

  private async patiently<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof ApiError) || !error.passing || tries >= TRIES) throw error
        await this.wait(pauseMs(error, tries))
      }
    }
  }

  private async request<T>(method: string, path: string, body: unknown, options: CallOptions): Promise<T> {
    const answer = await this.reach(this.base + path + queryOf(options.query), {
      method,
      headers: { ...this.headers(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      credentials: this.settings.standalone && path === RENEWAL ? 'same-origin' : 'omit',
      cache: 'no-store',
      signal: bothSignals(options)
    }, options.signal)
    if (!answer.ok) throw await errorOf(answer)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  }

  private async reach(url: string, init: RequestInit, stopped?: AbortSignal): Promise<Response> {
    try {
      return await this.fetch(url, init)
    } catch (error) {
      if (stopped?.aborted) throw error
      throw unreachable()
    }
  }

  private transfer<T>(path: string, file: File, progress: Progress, signal: AbortSignal, extra: Record<string, string>): Promise<T> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      const form = new FormData()
      form.append('file', file, file.name)
      for (const [name, value] of Object.entries(extra)) form.append(name, value)
      request.open('POST', this.base + path)
      for (const [name, value] of Object.entries(this.headers())) request.setRequestHeader(name, value)
      request.responseType = 'text'
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) progress(event.loaded / event.total)
      }
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as T)
        else reject(new ApiError(request.status, problemOf(request.status, request.responseText)))
      }
      request.onerror = () => reject(unreachable())
      request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
      signal.addEventListener('abort', () => request.abort(), { once: true })
      request.send(form)
    })
  }

  private headers(): Record<string, string> {
    return {
      Authorization: `Bearer ${this.token}`,
      Accept: 'application/json',
      'Accept-Language': this.settings.lang ?? 'en'
    }
  }

  private fetch(url: string, init: RequestInit): Promise<Response> {
    return (this.settings.fetch ?? fetch)(url, init)
  }

  private wait(ms: number): Promise<void> {
    return this.settings.wait?.(ms) ?? new Promise((done) => setTimeout(done, ms))
  }
}

function isOver(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 401
}

function unreachable(): ApiError {
  return new ApiError(0, { code: 'unreachable', message: 'No connection to the server.' })
}

function pauseMs(error: ApiError, tries: number): number {
  if (error.retryAfterSeconds) return Math.min(error.retryAfterSeconds, 30) * 1000
  return 300 * 2 ** tries * (0.5 + Math.random() / 2)
}

function queryOf(query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return pairs.length ? `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}` : ''
}

function bothSignals(options: CallOptions): AbortSignal {
  const limit = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS)
  return options.signal ? AbortSignal.any([options.signal, limit]) : limit
}

async function errorOf(answer: Response): Promise<ApiError> {
  const after = Number(answer.headers.get('Retry-After'))
  return new ApiError(answer.status, problemOf(answer.status, await answer.text()), after || null)
}

/** A proxy between us may answer in HTML: then the status alone speaks. */
function problemOf(status: number, text: string): Problem {
  try {
    const { error } = JSON.parse(text) as { error?: Problem }
    if (error?.code) return error
  } catch {
    // Not ours: fall through.
  }
  return { code: `http_${status}`, message: `The server answered ${status}.` }
}
