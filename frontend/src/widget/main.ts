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
  // Beside the body: what a site does to its body (moves, clips, replaces it) is no matter.
  document.documentElement.append(chat)
}

if (window.__callgear) mount(window.__callgear)
