import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createJournal, type Entry } from '../../src/lib/store/journal'

const entry = (id: number, more: Partial<Entry> = {}) => ({ id: String(id), error: '', ...more }) as Entry

/** A server that keeps a journal; `asked` are the queries it got. */
function shown(kept: Entry[], pageSize = 30) {
  const asked: Record<string, unknown>[] = []
  const server = { kept, broken: false }
  const get = async (_: string, { query }: { query: Record<string, unknown> }) => {
    asked.push(query)
    if (server.broken) throw new Error('broken')
    const rest = server.kept.filter((one) => !query.cursor || Number(one.id) < Number(query.cursor))
    return { items: rest.slice(0, pageSize), next: rest.length > pageSize ? rest[pageSize - 1]!.id : null }
  }
  return { journal: createJournal({ get } as never), asked, server }
}

const many = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, at) => entry(from - at))
const ids = (entries: Entry[]) => entries.map((one) => one.id)

beforeEach(() => { vi.useFakeTimers({ now: new Date('2026-11-21T15:30:00') }) })
afterEach(() => { vi.useRealTimers() })

async function heard(journal: ReturnType<typeof createJournal>): Promise<void> {
  journal.hear()
  await vi.advanceTimersByTimeAsync(1_000)
}

describe('the journal', () => {
  it('goes on where the page ended', async () => {
    const { journal } = shown(many(70, 1))
    await journal.load()
    await journal.load(true)
    await journal.load(true)
    expect([ids(journal.state.items), journal.state.next]).toEqual([ids(many(70, 1)), null])
  })

  it('looks further back while pages are empty, but not for ever', async () => {
    const empty = { items: [], next: '5' }
    const get = vi.fn(async () => empty)
    const journal = createJournal({ get } as never)
    await journal.load()
    expect([get.mock.calls.length, journal.state.next, journal.state.loaded]).toEqual([5, '5', true])
  })

  it('keeps what is new aside until it is asked for', async () => {
    const { journal, server } = shown(many(10, 1))
    journal.open()
    await vi.advanceTimersByTimeAsync(0)
    server.kept = many(13, 1)
    await heard(journal)
    expect([journal.fresh.value.length, journal.state.items[0]!.id]).toEqual([3, '10'])
    journal.showFresh()
    expect([journal.fresh.value.length, ids(journal.state.items)]).toEqual([0, ids(many(13, 1))])
  })

  it('leaves no hole when more is new than a page holds', async () => {
    const { journal, server } = shown(many(40, 1))
    journal.open()
    await vi.advanceTimersByTimeAsync(0)
    server.kept = many(90, 1)
    await heard(journal)
    expect(journal.manyFresh.value).toBe(true)
    journal.showFresh()
    await journal.load(true)
    expect(ids(journal.state.items)).toEqual(ids(many(90, 31)))
  })

  it('shows the first decision ever at once', async () => {
    const { journal, server } = shown([])
    journal.open()
    await vi.advanceTimersByTimeAsync(0)
    server.kept = many(1, 1)
    await heard(journal)
    expect(ids(journal.state.items)).toEqual(['1'])
  })

  it('brings what is shown up to date in its place', async () => {
    const { journal, server } = shown(many(3, 1))
    journal.open()
    await vi.advanceTimersByTimeAsync(0)
    server.kept = [entry(3), entry(2, { error: 'Refused.' }), entry(1)]
    await heard(journal)
    expect([journal.state.items.map((one) => one.error), journal.fresh.value]).toEqual([['', 'Refused.', ''], []])
  })

  it('asks once for a burst of news, and not at all when nobody looks', async () => {
    const { journal, asked } = shown(many(3, 1))
    journal.open()
    await vi.advanceTimersByTimeAsync(0)
    for (let news = 0; news < 20; news += 1) journal.hear()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(asked.length).toBe(2)
    journal.close()
    await heard(journal)
    expect(asked.length).toBe(2)
  })

  it('asks for what the filters say, days beginning where the reader is', async () => {
    const { journal, asked } = shown([])
    await journal.choose({ kind: 'requests', result: 'failed', period: 'week', search: ' Anna ' })
    expect(asked[0]).toMatchObject({ settings_kind: 'requests', result: 'failed', since: new Date('2026-11-15T00:00:00').toISOString(), search: 'Anna' })
    await journal.choose({ period: 'today' })
    expect(asked[1]).toMatchObject({ since: new Date('2026-11-21T00:00:00').toISOString() })
    expect(journal.filtered.value).toBe(true)
  })

  it('drops the answer to a question that is not asked any more', async () => {
    const { journal, server } = shown(many(3, 1))
    const first = journal.load()
    server.kept = [entry(9)]
    await Promise.all([first, journal.choose({ result: 'failed' })])
    expect(ids(journal.state.items)).toEqual(['9'])
  })

  it('keeps what it shows when older ones do not come, and tries again', async () => {
    const { journal, server } = shown(many(40, 1))
    await journal.load()
    server.broken = true
    await journal.load(true)
    expect([journal.state.items.length, journal.state.error]).toEqual([30, new Error('broken')])
    server.broken = false
    await journal.load(true)
    expect([journal.state.items.length, journal.state.error]).toEqual([40, null])
  })
})
