type Child = Node | string | null

/** An element with properties and children; text is always text, never markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  given: Partial<Record<string, unknown>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(given)) {
    if (name in made) (made as unknown as Record<string, unknown>)[name] = value
    else made.setAttribute(name, String(value))
  }
  made.append(...children.filter((child) => child !== null))
  return made
}

const SVG = 'http://www.w3.org/2000/svg'

export function icon(path: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  const line = document.createElementNS(SVG, 'path')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  line.setAttribute('d', path)
  svg.append(line)
  return svg
}

export function link(href: string, text: string | Node): HTMLAnchorElement {
  return el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, text)
}

const ADDRESS = /https?:\/\/[^\s<>"']+/g
const AFTER = /[.,;:!?)\]}»”]+$/

/** Text with its web addresses as links; nothing else in it becomes anything. */
export function linked(text: string): (Node | string)[] {
  const nodes: (Node | string)[] = []
  let from = 0
  for (const found of text.matchAll(ADDRESS)) {
    const href = found[0].replace(AFTER, '')
    nodes.push(text.slice(from, found.index), link(href, href))
    from = found.index + href.length
  }
  return [...nodes, text.slice(from)]
}
