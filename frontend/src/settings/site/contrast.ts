/** How well one colour is read on another (WCAG 2.2, relative luminance). */

const DARK = '#111111'
const LIGHT = '#ffffff'
const READ = 4.5
const SEEN = 3

export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** Words on the colour, or the colour on a page of white: what is hard for people, if anything. */
export function hardships(color: string): { words: boolean; page: boolean } {
  const words = Math.max(contrast(color, DARK), contrast(color, LIGHT))
  return { words: words < READ, page: contrast(color, LIGHT) < SEEN }
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => channel(parseInt(color.slice(at, at + 2), 16) / 255))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function channel(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}
