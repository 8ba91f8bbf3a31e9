import { build } from 'vite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { gzipSync } from 'node:zlib'
import { linked } from '../src/widget/dom'
import { Memory } from '../src/widget/memory'
import { listen, parser, type Heard } from '../src/widget/sse'
import { Talk } from '../src/widget/talk'
import { firstTouch } from '../src/widget/visit'
import { setup, Site, settled } from './widget-site'

beforeEach(() => localStorage.clear())
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('the script', () => {
  it('is smaller than 8 kB on the way', async () => {
    const made = await build({
      configFile: 'vite.widget.config.ts',
      logLevel: 'silent',
      build: { write: false }
    })
    const [first] = [made].flat()
    const code = first && 'output' in first ? first.output[0].code : ''
    expect(code.length).toBeGreaterThan(10_000)
    expect(gzipSync(code, { level: 9 }).length).toBeLessThan(8_000)
  })
})

describe('memory', () => {
  it('outlives the page', () => {
    new Memory('a:').set('x', { n: 1 })
    expect(new Memory('a:').get('x')).toEqual({ n: 1 })
    expect(new Memory('b:').get('x')).toBeNull()
  })

  it('works where storage is denied', () => {
    vi.stubGlobal('localStorage', null)
    const memory = new Memory('a:')
    memory.set('x', 1)
    expect(memory.get('x')).toBe(1)
  })

  it('forgets what is not its own', () => {
    localStorage.setItem('a:x', '{broken')
    expect(new Memory('a:').get('x')).toBeNull()
  })
})

describe('links', () => {
  const shown = (text: string) => {
    const box = document.createElement('div')
    box.append(...linked(text))
    return box
  }

  it('are found, without the full stop behind them', () => {
    const box = shown('See https://a.example/x?y=1. (http://b.example)')
    const found = [...box.querySelectorAll('a')].map((a) => a.getAttribute('href'))
    expect(found).toEqual(['https://a.example/x?y=1', 'http://b.example'])
    expect(box.textContent).toBe('See https://a.example/x?y=1. (http://b.example)')
    expect(box.querySelector('a')!.rel).toContain('noopener')
  })

  it.each(['<img src=x onerror=alert(1)>', 'javascript:alert(1)', '<b>https</b>', 'data:text/html,x'])(
    'are not made of %s',
    (text) => {
      const box = shown(text)
      expect(box.textContent).toBe(text)
      expect(box.children.length).toBe(0)
    }
  )
})

describe('the stream', () => {
  it('is understood however it is cut', () => {
    const text = ': ping\n\nid: 7\nevent: message\ndata: {"a":"b: c"}\n\nevent: ready\ndata: {}\n\n'
    for (let cut = 1; cut < text.length; cut++) {
      const heard: Heard[] = []
      const feed = parser((news) => heard.push(news))
      feed(text.slice(0, cut))
      feed(text.slice(cut))
      expect(heard).toEqual([
        { id: '7', event: 'message', data: '{"a":"b: c"}' },
        { id: '', event: 'ready', data: '{}' }
      ])
    }
  })

  it('is given up when it goes silent', async () => {
    const site = new Site()
    const ended = await listen('https://chat.example/widget/k/events', {}, new AbortController().signal, () => {}, 20)
    expect(ended).toBe(0)
    expect(site.streams.length).toBe(1)
  })
})

describe('the first touch', () => {
  it('is kept', () => {
    const memory = new Memory('a:')
    vi.stubGlobal('location', { ...location, search: '?utm_source=ad&x=1', origin: 'https://s.example' })
    expect(firstTouch(memory).utm).toEqual({ utm_source: 'ad' })
    vi.stubGlobal('location', { ...location, search: '?utm_source=other', origin: 'https://s.example' })
    expect(firstTouch(memory).utm).toEqual({ utm_source: 'ad' })
  })
})

describe('a talk', () => {
  it('costs nothing until somebody opens it', async () => {
    const site = new Site()
    new Talk(setup(), () => {}).start()
    await settled()
    expect(site.calls).toEqual([])
  })

  it('moves a message from sending to read', async () => {
    const site = new Site()
    const talk = new Talk(setup(), () => {})
    talk.send('hello', [])
    const note = talk.notes[0]!
    expect(note.state).toBe('sending')
    await settled()
    expect(note.state).toBe('sent')
    site.tell('message', { ...site.incoming(note.uuid, 'hello'), state: 'delivered' })
    await settled()
    expect(note.state).toBe('delivered')
    site.tell('read', {})
    await settled()
    expect(note.state).toBe('read')
    expect(talk.notes.length).toBe(1)
  })

  it('sends the same uuid until the server takes it', async () => {
    vi.useFakeTimers()
    const site = new Site()
    site.broken = 3
    const talk = new Talk(setup(), () => {})
    talk.send('hello', [])
    await vi.advanceTimersByTimeAsync(500)
    expect(talk.offline).toBe(true)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(talk.notes[0]!.state).toBe('sent')
    expect(talk.offline).toBe(false)
    expect(new Set(site.hooks('message').map((body) => body.uuid)).size).toBe(1)
  })

  it('survives a reload with unsent words', async () => {
    const site = new Site()
    site.broken = Infinity
    new Talk(setup(), () => {}).send('kept', [])
    await settled()
    site.broken = 0
    const again = new Talk(setup(), () => {})
    again.start()
    await settled()
    expect(again.notes.map((note) => [note.text, note.state])).toEqual([['kept', 'sent']])
    expect(site.hooks('message').at(-1)!.text).toBe('kept')
  })

  it('does not repeat what the server refused', async () => {
    const site = new Site()
    site.refusal = 400
    const talk = new Talk(setup(), () => {})
    talk.send('too odd', [])
    await settled()
    expect(talk.notes[0]!.state).toBe('failed')
    site.refusal = 0
    talk.retry(talk.notes[0]!)
    await settled()
    expect(talk.notes[0]!.state).toBe('sent')
  })

  it('counts answers until they are seen, each once', async () => {
    const site = new Site()
    const talk = new Talk(setup(), () => {})
    talk.send('hello', [])
    await settled()
    site.tell('message', site.answer('10', 'good day'))
    site.tell('message', site.answer('10', 'good day'))
    await settled()
    expect(talk.unread).toBe(1)
    talk.attend(true)
    await settled()
    expect(talk.unread).toBe(0)
    expect(site.hooks('read').length).toBe(1)
    expect(talk.notes.map((note) => note.text)).toEqual(['hello', 'good day'])
  })

  it('resumes after the last news it heard', async () => {
    vi.useFakeTimers()
    const site = new Site()
    const talk = new Talk(setup(), () => {})
    talk.send('hello', [])
    await vi.advanceTimersByTimeAsync(50)
    site.tell('message', site.answer('10', 'one'), 41)
    await vi.advanceTimersByTimeAsync(50)
    site.cut()
    await vi.advanceTimersByTimeAsync(3_000)
    expect(site.streams.map((url) => url.split('after=')[1])).toEqual(['5', '41'])
  })

  it('asks anew when too much was missed', async () => {
    const site = new Site()
    const talk = new Talk(setup(), () => {})
    talk.send('hello', [])
    await settled()
    site.history = [site.answer('11', 'missed')]
    site.tell('reset', { last: 90 }, 90)
    await settled()
    expect(talk.notes.some((note) => note.text === 'missed')).toBe(true)
  })

  it('gets another name when its own is not known any more', async () => {
    localStorage.setItem('callgear:k:visitor', '"old"')
    const site = new Site()
    site.stranger = 'old'
    const talk = new Talk(setup(), () => {})
    talk.send('hello', [])
    await settled()
    expect(talk.api.visitor).toBe('token-1')
    expect(talk.notes[0]!.state).toBe('sent')
  })

  it('stops when the channel is switched off', async () => {
    const site = new Site()
    site.gone = true
    const talk = new Talk(setup(), () => {})
    await talk.meet()
    expect(talk.gone).toBe(true)
  })

  it('forgets a message that was taken back', async () => {
    const site = new Site()
    const talk = new Talk(setup(), () => {})
    talk.send('hello', [])
    await settled()
    site.tell('message', site.answer('10', 'oops'))
    site.tell('message', { ...site.answer('10', ''), deleted: true })
    await settled()
    expect(talk.notes.map((note) => note.text)).toEqual(['hello'])
  })

  it('tells of typing now and then', async () => {
    const site = new Site()
    const talk = new Talk(setup(), () => {})
    talk.send('hello', [])
    await settled()
    talk.typed()
    talk.typed()
    await settled()
    expect(site.hooks('typing').length).toBe(1)
  })
})
