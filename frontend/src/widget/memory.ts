/** What survives a reload; where the browser refuses to keep it, it lives as long as the page. */
export class Memory {
  readonly #here = new Map<string, string>()

  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  get<T>(name: string): T | null {
    const text = this.#read(name)
    try {
      return text ? (JSON.parse(text) as T) : null
    } catch {
      return null
    }
  }

  set(name: string, value: unknown): void {
    const text = JSON.stringify(value)
    this.#here.set(name, text)
    try {
      localStorage.setItem(this.#prefix + name, text)
    } catch {
      // Storage is denied or full: the copy above has to do.
    }
  }

  #read(name: string): string | null {
    try {
      return localStorage.getItem(this.#prefix + name) ?? this.#here.get(name) ?? null
    } catch {
      return this.#here.get(name) ?? null
    }
  }
}
