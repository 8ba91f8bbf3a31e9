import { describe, expect, it } from 'vitest'
import { aboutOf, becauseOf, cardOf, daysOf, fateOf, isTroubled, troubleOf, whoOf } from '../../src/settings/journal/wording'
import type { Entry } from '../../src/lib/store/journal'

const entry = (more: Partial<Entry> = {}): Entry => ({
  id: '5', at: '2026-11-21T10:00:00', state: 'done', kind: 'primary', kind_title: 'A first inquiry', moved: false, error: '', reasons: ['The settings create a deal.'], targets: [],
  inquiry: { kind: 'chat', id: '9', name: 'Anna', channel: { kind: 'telegram', name: 'Shop' }, phone: '+79000000001', email: '' }, ...more
})
const deal = (made: boolean, id: string | null = '12') => ({ type: 'deal' as const, id, url: null, made })

describe('a line of the journal', () => {
  it('says who wrote and where', () => {
    expect([whoOf(entry()), aboutOf(entry())]).toEqual(['Anna', 'Shop · Chat №9 · +79000000001'])
    const nameless = entry({ inquiry: { ...entry().inquiry, kind: 'request', name: '' } })
    expect([whoOf(nameless), aboutOf(nameless)]).toEqual(['+79000000001', 'Shop · Request №9'])
    expect(whoOf(entry({ inquiry: { ...entry().inquiry, name: '', phone: '' } }))).toBe('A client without a name')
  })

  it('says what became of a card', () => {
    expect([fateOf(entry(), deal(true)), fateOf(entry(), deal(false)), fateOf(entry(), deal(true, null)), fateOf(entry({ moved: true }), deal(false))])
      .toEqual(['Created:', 'Went to:', 'Not created:', 'Now in:'])
    expect([cardOf(deal(true)), cardOf(deal(true, null))]).toEqual(['Deal №\u00a012', 'Deal'])
  })

  it('gives reasons where no card speaks for itself', () => {
    const reasons = ['Row 1 of the filter keeps it out of CRM.']
    expect(becauseOf(entry({ targets: [deal(true)], reasons }))).toBe('')
    expect(becauseOf(entry({ kind: 'filtered', reasons }))).toBe(reasons[0])
    expect(becauseOf(entry({ moved: true, targets: [deal(false)], reasons: ['Lead 9 became deal 12; the chat went along.'] }))).toContain('became deal 12')
  })

  it('is in trouble when something was refused or is still to be written', () => {
    expect([entry(), entry({ error: 'Access denied.' }), entry({ state: 'failed' })].map(isTroubled)).toEqual([false, true, true])
    expect(troubleOf(entry({ error: 'Access denied.' }))).toBe('Bitrix24 refused: Access denied.')
    expect(troubleOf(entry({ state: 'failed' }))).toContain('tried again')
  })

  it('stands under its day', () => {
    const now = new Date('2026-11-21T12:00:00').getTime()
    const days = daysOf([entry(), entry({ at: '2026-11-21T09:00:00' }), entry({ at: '2026-11-20T23:59:00' })], now)
    expect(days.map((day) => [day.name, day.items.length])).toEqual([['Today', 2], ['Yesterday', 1]])
  })
})
