import { describe, expect, it } from 'vitest'
import { openLeading } from '../../src/lib/leading'

/** Windows that hear one another at once. */
function browser() {
  type Heard = { onmessage: ((event: MessageEvent) => void) | null }
  const lines: Heard[] = []
  const open = () => {
    const own = { onmessage: null as Heard['onmessage'], postMessage: (data: unknown) => lines.forEach((one) => { if (one !== own) one.onmessage?.({ data } as MessageEvent) }), close: () => { lines.splice(lines.indexOf(own), 1) } }
    lines.push(own)
    return own
  }
  return () => {
    const view = new EventTarget() as Window
    return { view, ...openLeading('boris', open as never, view) }
  }
}

describe('windows of one person', () => {
  it('lead one at a time: the one looked at last', () => {
    const next = browser()
    const [first, second] = [next(), next()]
    expect([first.leads(), second.leads()]).toEqual([false, true])
    first.view.dispatchEvent(new Event('focus'))
    expect([first.leads(), second.leads()]).toEqual([true, false])
  })

  it('are never all silent', () => {
    const next = browser()
    const [first, second] = [next(), next()]
    second.stop()
    expect(first.leads()).toBe(true)
  })

  it('sound where a browser keeps them apart', () => {
    expect(openLeading('boris', () => null).leads()).toBe(true)
  })
})
