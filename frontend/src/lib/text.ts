/** Text of a message, cut into plain pieces and links; sizes and names for the screen. */

import { t } from './i18n'

export interface Piece { text: string; href?: string }

const LINK = /\bhttps?:\/\/[^\s<>"«»]+[^\s<>"«».,;:!?)\]}]|\b[\w.+-]+@[\w-]+\.[\w.-]*\w/giu

/** Pieces in order; joined they give `text` again. Only http(s) and e-mail become links. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = []
  let from = 0
  for (const match of text.matchAll(LINK)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index) })
    const link = match[0]
    found.push({ text: link, href: link.includes('://') ? link : `mailto:${link}` })
    from = match.index + link.length
  }
  if (from < text.length) found.push({ text: text.slice(from) })
  return found
}

const PLACE = /^https:\/\/maps\.google\.com\/maps\?q=-?[\d.]+,-?[\d.]+$/

/** What a link says on the screen: a place that a client sent is no address to read out. */
export function linkText({ text, href }: Piece): string {
  return href && PLACE.test(href) ? t('Show on the map') : text
}

/** A text cut at the beginnings of words that are looked for. */
export function marks(text: string, words: string): { text: string; hit: boolean }[] {
  const wanted = words.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []
  if (!wanted.length) return [{ text, hit: false }]
  const found: { text: string; hit: boolean }[] = []
  let rest = ''
  for (const part of text.split(/([\p{L}\p{N}_]+)/u)) {
    const word = wanted.filter((one) => part.toLowerCase().startsWith(one)).sort((one, other) => other.length - one.length)[0]
    if (!word) { rest += part; continue }
    if (rest) found.push({ text: rest, hit: false })
    found.push({ text: part.slice(0, word.length), hit: true })
    rest = part.slice(word.length)
  }
  return rest ? [...found, { text: rest, hit: false }] : found
}

/** One to three emoji and nothing else: drawn large. */
export function isJumbo(text: string): boolean {
  return /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s?){1,3}$/u.test(text)
}

export function initials(name: string): string {
  const words = name.replace(/[^\p{L}\p{N}\s]/gu, '').split(/\s+/).filter(Boolean)
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? '')
  return letters.join('').toUpperCase() || '?'
}

export function size(bytes: number): string {
  if (bytes < 1024) return t('{count} B', { count: bytes })
  if (bytes < 1024 * 1024) return t('{count} KB', { count: Math.round(bytes / 1024) })
  return t('{count} MB', { count: (bytes / 1024 / 1024).toFixed(1) })
}

/** `+79990001122` → `+7 999 000-11-22`; numbers of other lands stay as they are. */
export function phone(number: string): string {
  const parts = /^\+?7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(number.replace(/[\s()-]/g, ''))
  return parts ? `+7 ${parts[1]} ${parts[2]}-${parts[3]}-${parts[4]}` : number
}

/** Who told no name is called by a number: shown as people write numbers. */
export function called(name: string): string {
  return /^\+\d{7,15}$/.test(name) ? phone(name) : name
}

/** `3`, `99+`. */
export function capped(count: number, limit = 99): string {
  return count > limit ? `${limit}+` : String(count)
}
