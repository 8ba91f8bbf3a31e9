import { Chat } from './chat'
import type { Setup } from './types'

declare global {
  interface Window {
    __callgear?: Setup
    CallGear?: { open(): void }
  }
}

const NAME = 'callgear-chat'

/** Put the widget on the page, once, whenever the script runs. */
function mount(setup: Setup): void {
  if (customElements.get(NAME)) return
  customElements.define(NAME, Chat)
  const chat = document.createElement(NAME) as Chat
  chat.begin(setup)
  window.CallGear = { open: () => chat.open() }
  const place = () => document.body.append(chat)
  if (document.body) place()
  else document.addEventListener('DOMContentLoaded', place)
}

if (window.__callgear) mount(window.__callgear)
