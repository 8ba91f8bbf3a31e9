import { el, icon, link, linked } from './dom'
import CSS from './style.css?inline'
import type { Api } from './api'
import { Talk } from './talk'
import type { Texts } from './texts'
import type { FileRef, Note, Person, Setup } from './types'

const ICONS = {
  chat: 'M3 4h18v13H9l-5 4v-4H3z',
  close: 'M5 5l14 14M19 5L5 19',
  clip: 'M7 8v9a5 5 0 0 0 10 0V6a3 3 0 0 0-6 0v10',
  send: 'M4 20V4l17 8z'
}

/** A file to be sent; `part` of it is there. */
interface Chip {
  name: string
  part: number
  ref?: FileRef
}

/** The launcher and the panel, in a shadow root that the site's styles do not reach. */
export class Chat extends HTMLElement {
  #talk!: Talk
  #t!: Texts
  #trouble = ''
  #asked = ''
  #files: Chip[] = []
  readonly #lines = new Map<Note, { line: HTMLElement; shown: string }>()

  readonly #badge = el('span', { className: 'badge', hidden: true })
  readonly #label = el('span')
  readonly #launcher = el('button', { className: 'launcher', type: 'button' })
  readonly #hello = el('button', { className: 'hello', type: 'button', hidden: true, onclick: () => this.open() })
  readonly #heading = el('h2', { id: 'title' })
  readonly #log = el('div', { className: 'log', tabIndex: 0, role: 'log' })
  readonly #status = el('p', { className: 'status', role: 'status' })
  readonly #ask = el('form', { className: 'ask' })
  readonly #agreement = el('label', { className: 'consent' })
  readonly #agrees = el('input', { type: 'checkbox' })
  readonly #chips = el('ul', { className: 'files' })
  readonly #text = el('textarea', { rows: 1, maxLength: 4000 })
  readonly #picker = el('input', { type: 'file', multiple: true, hidden: true })
  readonly #attach = el('button', { type: 'button' }, icon(ICONS.clip))
  readonly #go = el('button', { className: 'send', type: 'submit' }, icon(ICONS.send))
  readonly #write = el('form', { className: 'write' })
  readonly #panel = el('section', { className: 'panel', role: 'dialog', hidden: true })

  /** Called once, before the element is put on the page. */
  begin(setup: Setup, api?: Api): void {
    this.#t = setup.texts
    this.#build()
    this.#talk = new Talk(setup, () => this.#show(), api)
    this.#show()
    this.#talk.start()
    const { delay, greeting } = setup.config
    if (delay && greeting) setTimeout(() => this.#greet(), delay * 1000)
  }

  /** Once in a visitor's life the greeting comes forward by itself. */
  #greet(): void {
    if (this.isOpen || this.#talk.notes.length || this.#talk.greeted()) return
    this.#hello.textContent = this.#talk.look.greeting
    this.#hello.hidden = false
  }

  open(focus = true): void {
    if (this.isOpen || this.#talk.gone) return
    this.#panel.hidden = false
    this.#hello.hidden = true
    this.classList.add('open')
    void this.#talk.meet()
    this.#talk.attend(true)
    this.#show()
    this.#log.scrollTop = this.#log.scrollHeight
    if (focus) this.#focus()
  }

  close(): void {
    if (!this.isOpen) return
    this.#panel.hidden = true
    this.classList.remove('open')
    this.#talk.attend(false)
    this.#show()
    this.#launcher.focus()
  }

  #focus(): void {
    this.#panel.querySelector<HTMLElement>('form:not([hidden]) :is(input, textarea)')?.focus()
  }

  get isOpen(): boolean {
    return !this.#panel.hidden
  }

  #build(): void {
    const t = this.#t
    const root = this.attachShadow({ mode: 'open' })
    dressed(root)
    const shut = el('button', { type: 'button', ariaLabel: t.close, onclick: () => this.close() }, icon(ICONS.close))
    this.#launcher.append(icon(ICONS.chat), this.#label, this.#badge)
    this.#launcher.onclick = () => (this.isOpen ? this.close() : this.open())
    this.#panel.setAttribute('aria-labelledby', 'title')
    this.#attach.ariaLabel = t.attach
    this.#go.ariaLabel = t.send
    this.#text.placeholder = this.#text.ariaLabel = t.write
    this.#write.append(this.#attach, this.#text, this.#go, this.#picker)
    this.#panel.append(el('header', {}, this.#heading, shut), this.#log, this.#status, this.#ask)
    this.#panel.append(this.#agreement, this.#chips, this.#write)
    root.append(this.#panel, this.#hello, this.#launcher)
    this.#listen()
  }

  #listen(): void {
    this.#panel.onkeydown = (event) => {
      if (event.key === 'Escape') this.close()
    }
    this.#text.onkeydown = (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      this.#write.requestSubmit()
    }
    this.#text.oninput = () => {
      this.#grow()
      this.#talk.typed()
      this.#say('')
    }
    this.#text.onpaste = (event) => this.#take(event.clipboardData?.files)
    this.#write.onsubmit = (event) => {
      event.preventDefault()
      this.#submit()
    }
    this.#attach.onclick = () => this.#picker.click()
    this.#picker.onchange = () => {
      this.#take(this.#picker.files)
      this.#picker.value = ''
    }
    this.#agrees.onchange = () => this.#allow()
  }

  /** What the settings say of looks and questions; told again when the session opens. */
  #dress(): void {
    const { look } = this.#talk
    this.#heading.textContent = look.title || this.#t.title
    this.dataset.side = look.position
    this.#label.textContent = look.button
    this.#label.hidden = !look.button
    this.#launcher.classList.toggle('wide', !!look.button)
    if (look.color) {
      this.style.setProperty('--accent', look.color)
      this.style.setProperty('--on-accent', onTop(look.color))
    }
    if (look.consent && !this.#agreement.childNodes.length) {
      const words = el('span', {}, look.consent.text || this.#t.agree, ' ')
      if (look.consent.url) words.append(link(look.consent.url, this.#t.policy))
      this.#agreement.append(this.#agrees, words)
    }
    const wanted = look.away === null ? (this.#talk.introduced ? '' : 'who') : 'away'
    if (wanted !== this.#asked) this.#askFor((this.#asked = wanted))
  }

  /** The form in place of the composer: who writes, or words for later. */
  #askFor(wanted: string): void {
    const t = this.#t
    const { ask, away } = this.#talk.look
    const fields = ask.map(([name, need]) => {
      const type = { name: 'name', phone: 'tel', email: 'email' }[name]
      const required = need === 'required'
      const label = t[name] + (required ? ' *' : '')
      return el('input', { name, type, required, placeholder: label, ariaLabel: label, autocomplete: type })
    })
    const words = el('textarea', { rows: 3, maxLength: 4000, required: true, placeholder: t.message, ariaLabel: t.message })
    const skip = el('button', { type: 'button', onclick: () => this.#talk.tellWho(null) }, t.skip)
    const next = el('button', { type: 'submit', className: 'go' }, wanted === 'away' ? t.send : t.next)
    const must = wanted === 'away' || fields.some((field) => field.required)
    this.#ask.replaceChildren(el('strong', {}, away || t.who), ...fields, el('div', {}, next, must ? null : skip))
    if (wanted === 'away') fields.at(-1)!.after(words)
    this.#ask.onsubmit = (event) => {
      event.preventDefault()
      const told: Person = Object.fromEntries(fields.map((one) => [one.name, one.value.trim()]))
      if (wanted === 'away' && !told.phone && !told.email) return this.#say(t.contact)
      if (!this.#consented()) return
      this.#trouble = ''
      if (wanted === 'away') return this.#talk.leave({ ...told, text: words.value.trim() })
      this.#talk.tellWho(Object.values(told).some(Boolean) ? told : null)
      this.#focus()
    }
  }

  #show(): void {
    const talk = this.#talk
    const t = this.#t
    this.#dress()
    this.hidden = talk.gone && !this.isOpen
    this.#badge.hidden = !talk.unread
    this.#badge.textContent = String(talk.unread)
    const name = this.isOpen ? t.close : t.open
    this.#launcher.ariaLabel = talk.unread ? `${name} (${talk.unread})` : name
    this.#launcher.setAttribute('aria-expanded', String(this.isOpen))
    const left = talk.left && talk.left !== 'refused'
    this.#ask.hidden = !this.#asked || !!left || talk.gone
    this.#agreement.hidden = talk.agreed
    this.#status.textContent = this.#trouble || this.#told()
    this.#showLog()
    this.#allow()
  }

  #told(): string {
    const talk = this.#talk
    const t = this.#t
    if (talk.gone) return t.gone
    if (talk.offline) return t.offline
    if (talk.left === 'sending') return t.sending
    if (talk.left === 'refused') return t.contact
    if (talk.typing) return `${talk.typing} ${t.typing}`
    return talk.closed ? t.closed : ''
  }

  /** Lines that did not change stay as they are: selection and reading place survive. */
  #showLog(): void {
    const log = this.#log
    const lines = this.#lines
    const low = log.scrollHeight - log.scrollTop - log.clientHeight < 60
    const { greeting } = this.#talk.look
    if (greeting && !log.firstChild) log.append(el('div', { className: 'note' }, ...linked(greeting)))
    for (const [note, { line }] of lines) {
      if (this.#talk.notes.includes(note)) continue
      line.remove()
      lines.delete(note)
    }
    for (const note of this.#talk.notes) {
      const shown = JSON.stringify(note)
      const known = lines.get(note)
      if (known?.shown === shown) continue
      const line = this.#line(note)
      if (known) known.line.replaceWith(line)
      else log.append(line)
      lines.set(note, { line, shown })
    }
    if (low) log.scrollTop = log.scrollHeight
  }

  #line(note: Note): HTMLElement {
    const t = this.#t
    const mine = note.direction === 'in'
    const who = mine
      ? el('span', { className: 'sr' }, t.you, ': ')
      : note.author && el('div', { className: 'author' }, note.author)
    const body = [...note.attachments.map(attachment), ...linked(note.text)]
    return el('div', { className: `note ${note.direction}` }, who || null, ...body, this.#meta(note, mine))
  }

  #meta(note: Note, mine: boolean): HTMLElement {
    const t = this.#t
    const at = new Date(note.at)
    const hour = at.toTimeString().slice(0, 5)
    const meta = el('div', { className: 'meta' }, el('time', { dateTime: note.at, title: at.toLocaleString() }, hour))
    if (!mine) return meta
    const failed = note.state === 'failed'
    meta.append(' ', el('span', failed ? { className: 'bad' } : {}, t[note.state]))
    if (failed) meta.append(' ', el('button', { type: 'button', onclick: () => this.#talk.retry(note) }, t.retry))
    return meta
  }

  #submit(): void {
    const text = this.#text.value.trim()
    const ready = this.#files.flatMap((file) => file.ref ?? [])
    if (this.#go.disabled || !this.#consented()) return
    this.#talk.send(text, ready)
    this.#text.value = ''
    this.#files = []
    this.#showFiles()
    this.#grow()
    this.#log.scrollTop = this.#log.scrollHeight
  }

  /** Nothing about a person goes out before they agreed. */
  #consented(): boolean {
    if (this.#talk.agreed) return true
    if (this.#agrees.checked) this.#talk.agree()
    else this.#agrees.focus()
    return this.#agrees.checked
  }

  #take(given?: FileList | null): void {
    if (!given?.length || this.#asked || !this.#consented()) return
    for (const file of Array.from(given).slice(0, 10 - this.#files.length)) void this.#upload(file)
  }

  async #upload(file: File): Promise<void> {
    if (file.size > this.#talk.look.file_limit) return this.#say(`${this.#t.tooLarge}: ${file.name}`)
    const chip: Chip = { name: file.name, part: 0 }
    this.#files.push(chip)
    this.#showFiles()
    try {
      await this.#talk.meet()
      chip.ref = await this.#talk.api.upload(file, (part) => {
        chip.part = part
        this.#showFiles()
      })
    } catch {
      this.#files = this.#files.filter((one) => one !== chip)
      this.#say(`${this.#t.notUploaded}: ${file.name}`)
    }
    this.#showFiles()
  }

  /** Said until the visitor goes on. */
  #say(trouble: string): void {
    this.#trouble = trouble
    this.#show()
  }

  #showFiles(): void {
    this.#chips.replaceChildren(
      ...this.#files.map((file) => {
        const drop = () => {
          this.#files = this.#files.filter((one) => one !== file)
          this.#showFiles()
        }
        const label = `${this.#t.remove} ${file.name}`
        const name = el('span', {}, file.name)
        const bar = file.ref ? null : el('progress', { value: file.part, ariaLabel: file.name })
        return el('li', {}, name, bar, el('button', { type: 'button', ariaLabel: label, onclick: drop }, '×'))
      })
    )
    this.#allow()
  }

  /** The composer is open once the questions are answered and there is something to send. */
  #allow(): void {
    const talk = this.#talk
    const asked = !!this.#asked || (!talk.agreed && !this.#agrees.checked)
    const loading = this.#files.some((file) => !file.ref)
    this.#write.hidden = !!this.#asked || talk.gone
    this.#attach.disabled = asked
    this.#go.disabled = asked || loading || !(this.#text.value.trim() || this.#files.length)
  }

  #grow(): void {
    this.#text.style.height = 'auto'
    this.#text.style.height = `${this.#text.scrollHeight}px`
  }
}

/** A constructed sheet passes a site's `style-src 'self'`; older browsers take an element. */
function dressed(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(CSS)
    root.adoptedStyleSheets = [sheet]
  } catch {
    root.append(el('style', {}, CSS))
  }
}

function attachment(file: FileRef): Node {
  const plain = file.url ? link(file.url, file.name) : el('span', {}, file.name)
  if (!file.url || file.kind !== 'image') return el('div', {}, plain)
  const picture = el('img', { src: file.url, alt: file.name, loading: 'lazy' })
  const framed = el('div', {}, link(file.url, picture))
  picture.onerror = () => framed.replaceChildren(plain)
  return framed
}

/** Dark or white, whichever is read better on the colour (weights of ITU-R BT.601). */
function onTop(color: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))
  return red * 0.299 + green * 0.587 + blue * 0.114 > 140 ? '#111' : '#fff'
}
