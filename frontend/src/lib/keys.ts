/** Shortcuts, compared by the place of the key (`code`): they work on a Russian layout too. */

import { t } from './i18n'

export interface Shortcut {
  keys: string
  code: string
  alt?: boolean
  ctrl?: boolean
  shift?: boolean
  /** Works while the caret is in a field too. */
  typing?: boolean
  label: string
  run: (event: KeyboardEvent) => void
}

/** Plain description for the list under `?`. */
export interface ShortcutLine { keys: string; label: string }

export function matches(shortcut: Shortcut, event: KeyboardEvent): boolean {
  if (event.code !== shortcut.code || event.isComposing) return false
  if (event.altKey !== Boolean(shortcut.alt)) return false
  if ((event.ctrlKey || event.metaKey) !== Boolean(shortcut.ctrl)) return false
  if (event.shiftKey !== Boolean(shortcut.shift)) return false
  return shortcut.typing || !isTyping(event.target)
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

/** What lies over the page has the keys for itself: Esc closes it. */
const LAYERS = '[data-dismissable-layer], dialog[open]'

/** Listens on the window while `here` says so; returns how to stop. */
export function listen(shortcuts: Shortcut[], here: () => boolean = () => true): () => void {
  const heard = (event: KeyboardEvent) => {
    if (event.defaultPrevented || !here() || document.querySelector(LAYERS)) return
    const found = shortcuts.find((shortcut) => matches(shortcut, event))
    if (!found) return
    event.preventDefault()
    found.run(event)
  }
  window.addEventListener('keydown', heard)
  return () => window.removeEventListener('keydown', heard)
}

/** What the composer and the list do by themselves; shown, not listened for. */
export function ownKeys(sendOnEnter: boolean): ShortcutLine[] {
  return [
    { keys: sendOnEnter ? 'Enter' : 'Ctrl+Enter', label: t('Send the message') },
    { keys: sendOnEnter ? 'Shift+Enter' : 'Enter', label: t('New line') },
    { keys: 'Esc', label: t('Cancel the quote, clear the search, back to the message') },
    { keys: 'PageUp / PageDown', label: t('Scroll the messages') }
  ]
}
