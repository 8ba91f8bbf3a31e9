/** Texts with parameters: "Chat {channel_name} {visitor_phone}". */

const HOLE = /\{([^{}]{1,120})\}/g

/** `{name}` in place of what is selected, set off by spaces from the words around it. */
export function inserted(text: string, name: string, from: number, to: number): { text: string; caret: number } {
  const [before, after] = [text.slice(0, from), text.slice(to)]
  const hole = `${/[\p{L}\p{N}}]$/u.test(before) ? ' ' : ''}{${name}}`
  const gap = /^[\p{L}\p{N}{]/u.test(after) ? ' ' : ''
  return { text: before + hole + gap + after, caret: before.length + hole.length }
}

/** Names in braces that are no parameters, each once. */
export function unknownNames(text: string, known: (name: string) => boolean): string[] {
  const names = [...text.matchAll(HOLE)].map((hole) => hole[1]!.trim())
  return [...new Set(names)].filter((name) => !known(name))
}
