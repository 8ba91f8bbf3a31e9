/** Documents as plain data: are two the same, where do they differ, can two changes live together. */

type Plain = Record<string, unknown>

/** The same content, whatever the order of the names. */
export function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one, sorted) === JSON.stringify(other, sorted)
}

function sorted(_: string, value: unknown): unknown {
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Where the only change is, as deep as it goes: `titles.deal`, `filter.0.verdict`; shorter when several things changed. */
export function changedAt(before: unknown, after: unknown): string {
  const steps: string[] = []
  let [old, fresh] = [before, after]
  for (;;) {
    const keys = differing(old, fresh)
    if (keys.length !== 1) return steps.join('.')
    steps.push(keys[0]!)
    old = (old as Plain)[keys[0]!]
    fresh = (fresh as Plain)[keys[0]!]
  }
}

function differing(old: unknown, fresh: unknown): string[] {
  const lists = Array.isArray(old) && Array.isArray(fresh) && old.length === fresh.length
  if (!lists && !(isPlain(old) && isPlain(fresh))) return []
  const names = new Set([...Object.keys(old as object), ...Object.keys(fresh as object)])
  return [...names].filter((name) => !same((old as Plain)[name], (fresh as Plain)[name]))
}

export interface Merged<D> { document: D; conflicts: string[] }

/** Both changes of one base, part by part; in `conflicts` are the parts both touched, where mine stands. Parts have `levels`: `titles.deal`. */
export function merge<D extends object>(base: D, mine: D, theirs: D, levels = 2): Merged<D> {
  const document = { ...mine }
  const conflicts: string[] = []
  for (const name of Object.keys(theirs) as (keyof D & string)[]) {
    if (same(base[name], theirs[name]) || same(mine[name], theirs[name])) continue
    const three = [base[name], mine[name], theirs[name]]
    if (same(base[name], mine[name])) document[name] = theirs[name]
    else if (levels > 1 && three.every(isPlain)) {
      const inner = merge(three[0] as object, three[1] as object, three[2] as object, levels - 1)
      document[name] = inner.document as D[typeof name]
      conflicts.push(...inner.conflicts.map((part) => `${name}.${part}`))
    } else conflicts.push(name)
  }
  return { document, conflicts }
}
