import type { FileRef, Session, Setup } from './types'

/** A call the server refused for good: trying again cannot help. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super()
  }
}

/** The server as the widget knows it; failures worth another try are plain errors. */
export class Api {
  visitor = ''

  readonly #setup: Setup

  constructor(setup: Setup) {
    this.#setup = setup
  }

  session(): Promise<Session> {
    return this.#ask<Session>(this.#url('session'), { visitor: this.visitor || null })
  }

  async hook(body: object): Promise<void> {
    const url = `${this.#setup.api}/hooks/${this.#setup.key}`
    await this.#ask(url, { visitor: this.visitor, ...body })
  }

  async consent(): Promise<void> {
    await this.#ask(this.#url('consent'), { page_url: location.href })
  }

  upload(file: File): Promise<FileRef> {
    const form = new FormData()
    form.append('file', file)
    return this.#call<FileRef>(this.#url('files'), form, {})
  }

  eventsUrl(after: number): string {
    return `${this.#url('events')}?after=${after}`
  }

  #url(name: string): string {
    return `${this.#setup.api}/widget/${this.#setup.key}/${name}`
  }

  #ask<T>(url: string, body: object): Promise<T> {
    return this.#call<T>(url, JSON.stringify(body), { 'Content-Type': 'application/json' })
  }

  async #call<T>(url: string, body: BodyInit, headers: Record<string, string>): Promise<T> {
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { ...headers, 'X-Visitor': this.visitor },
      credentials: 'omit'
    })
    const { status } = answer
    if (status >= 400 && status < 500 && status !== 429 && status !== 408) throw new Refused(status)
    if (!answer.ok) throw new Error(String(status))
    return (status === 204 ? null : await answer.json()) as T
  }
}
