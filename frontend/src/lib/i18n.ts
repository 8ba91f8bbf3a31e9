/** Texts: English in the code, other languages from the catalogue `/i18n/<lang>.json`. */

export interface Catalogue {
  locale: string
  plural?: unknown
  messages: Record<string, string | string[]>
}

export type Params = Record<string, string | number>

const ORDER = ['zero', 'one', 'two', 'few', 'many', 'other']
const PATIENCE_MS = 4000

let locale = 'en'
let messages: Catalogue['messages'] = {}
let rules = new Intl.PluralRules('en')
let forms = orderOf(rules)

export function useCatalogue(catalogue: Catalogue): void {
  locale = catalogue.locale
  messages = catalogue.messages
  rules = new Intl.PluralRules(locale)
  forms = orderOf(rules)
}

export function currentLocale(): string {
  return locale
}

/** Loads the catalogue of `lang`; whatever goes wrong, the page stays usable in English. */
export async function loadCatalogue(lang: string, load: typeof fetch = fetch): Promise<void> {
  if (lang === 'en') return useCatalogue({ locale: 'en', messages: {} })
  try {
    const answer = await load(`/i18n/${encodeURIComponent(lang)}.json`, {
      credentials: 'omit',
      signal: AbortSignal.timeout(PATIENCE_MS)
    })
    if (answer.ok) useCatalogue((await answer.json()) as Catalogue)
  } catch {
    useCatalogue({ locale: lang, messages: {} })
  }
}

/** The text in the reader's language, `{name}` replaced by `params.name`. */
export function t(text: string, params: Params = {}): string {
  const known = messages[text]
  return fill(typeof known === 'string' && known ? known : text, params)
}

/** The form of a text that fits `count`; `{count}` is filled in by itself. */
export function n(count: number, one: string, many: string, params: Params = {}): string {
  return fill(form(count, one, many), { count, ...params })
}

function form(count: number, one: string, many: string): string {
  const known = messages[one]
  if (!Array.isArray(known) || !known.length) return count === 1 ? one : many
  const index = forms.indexOf(rules.select(count))
  return known[Math.min(Math.max(index, 0), known.length - 1)] ?? many
}

function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
}

function orderOf(plural: Intl.PluralRules): string[] {
  const has = plural.resolvedOptions().pluralCategories as string[]
  return ORDER.filter((category) => has.includes(category))
}
