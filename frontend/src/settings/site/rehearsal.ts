/** The site widget itself, fed with settings that nobody has saved: the preview is what visitors get. */

import { Api } from '../../widget/api'
import { Chat } from '../../widget/chat'
import type { Texts } from '../../widget/texts'
import type { FileRef, Look, Session, Setup } from '../../widget/types'

export interface Rehearsed {
  look: Look
  away_text: string
  texts: Texts
  wrong: Record<string, string>
}

const NAME = 'callgear-chat'
const KEY = 'preview'
const TALL = 'max(280px, min(460px, 100vh - 336px))'

/** A server that takes everything and keeps nothing. */
export class Rehearsal extends Api {
  constructor(private readonly given: Setup) {
    super(given)
  }

  override session(): Promise<Session> {
    return Promise.resolve({ visitor: KEY, config: this.given.config, messages: [], after: 0, unread: 0 })
  }

  override hook(): Promise<void> {
    return Promise.resolve()
  }

  override consent(): Promise<void> {
    return Promise.resolve()
  }

  override leave(): Promise<void> {
    return Promise.resolve()
  }

  override upload(file: File, told: (part: number) => void): Promise<FileRef> {
    told(1)
    return Promise.resolve({ id: '1', name: file.name, size: file.size, mime: file.type, url: null })
  }

  override listen(_: number, stop: AbortSignal): Promise<number> {
    return new Promise((resolve) => stop.addEventListener('abort', () => resolve(200)))
  }
}

/** Puts the widget on a stage as the settings say; what was opened stays so, the focus where it is. */
export function rehearse(stage: HTMLElement, told: Rehearsed, away: boolean): Chat {
  if (!customElements.get(NAME)) customElements.define(NAME, Chat)
  forget()
  const before = stage.querySelector<Chat>(NAME)
  const setup: Setup = { key: KEY, api: '', texts: told.texts, config: { ...told.look, away: away ? told.away_text : null } }
  const chat = document.createElement(NAME) as Chat
  chat.style.setProperty('--tall', TALL)
  chat.begin(setup, new Rehearsal(setup))
  stage.replaceChildren(chat)
  if (before?.isOpen ?? true) chat.open(false)
  return chat
}

/** Nobody has agreed to anything yet. */
function forget(): void {
  try {
    Object.keys(localStorage).filter((name) => name.startsWith(`callgear:${KEY}:`)).forEach((name) => localStorage.removeItem(name))
  } catch {
    // Inside a portal there is no storage, and nothing to forget.
  }
}
