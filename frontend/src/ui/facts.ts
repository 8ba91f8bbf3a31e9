/** One line of a card: a name and a value. */

export interface Fact { label: string; value: string; shown?: string; href?: string; hint?: string; copied?: boolean }

/** Nothing is said about what is empty. */
export function told(facts: Fact[]): Fact[] {
  return facts.filter((fact) => fact.value !== '')
}

/** What a site told us is shown as a link only if it is one. */
export function webAddress(address: string): { href?: string } {
  return /^https?:\/\//i.test(address) ? { href: address } : {}
}

export function shortAddress(address: string): string {
  return address.replace(/^https?:\/\/(www\.)?/i, '').replace(/\/$/, '')
}
