import { listen, type Heard } from './sse'
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

  async leave(body: object): Promise<void> {
    await this.#ask(this.#url('requests'), body)
  }

  /** Brings a file; `told` hears how much of it went, from 0 to 1. */
  upload(file: File, told: (part: number) => void): Promise<FileRef> {
    const call = new XMLHttpRequest()
    const form = new FormData()
    form.append('file', file)
    call.open('POST', this.#url('files'))
    call.setRequestHeader('X-Visitor', this.visitor)
    call.upload.onprogress = ({ loaded, total }) => told(loaded / total)
    return new Promise((resolve, reject) => {
      call.onerror = reject
      call.onload = () => (call.status === 201 ? resolve(JSON.parse(call.responseText)) : reject(new Refused(call.status)))
      call.send(form)
    })
  }

  /** The visitor's news after a number; ends with the HTTP status, 0 when the network failed. */
  listen(after: number, stop: AbortSignal, hear: (news: Heard) => void): Promise<number> {
    return listen(`${this.#url('events')}?after=${after}`, { 'X-Visitor': this.visitor }, stop, hear)
  }

  #url(name: string): string {
    return `${this.#setup.api}/widget/${this.#setup.key}/${name}`
  }

  async #ask<T>(url: string, body: object): Promise<T> {
    const answer = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', 'X-Visitor': this.visitor },
      credentials: 'omit'
    })
    const { status } = answer
    if (status >= 400 && status < 500 && status !== 429 && status !== 408) throw new Refused(status)
    if (!answer.ok) throw new Error(String(status))
    return (status === 204 ? null : await answer.json()) as T
  }
}
