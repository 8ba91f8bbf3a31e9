import { describe, expect, it } from 'vitest'
import type { Decision, Trace } from '../../src/lib/decisions'
import { report, traceLines } from '../../src/why/report'
import { rowGives } from '../../src/why/rows'
import { answer, cardsOf, valueText, type Lexicon } from '../../src/why/wording'
import { rules } from '../build'

const ORIGIN = 'https://portal.example'
const NOTHING = { create: [], targets: [], copies: [], responsible: null, lead_stage: null, pipeline: null, deal_stage: null, titles: {}, fields: {} }
const LEXICON: Lexicon = {
  groups: [{ id: 'chat', title: 'Chat', items: [
    { name: 'channel_type', title: 'Channel type', type: 'text', operators: ['equals'], options: [] },
    { name: 'chat_initiator', title: 'Initiator', type: 'enum', operators: ['equals'], options: ['visitor', 'operator'], option_titles: ['Visitor', 'Operator'] }
  ] }],
  channels: []
}

function condition(more: Partial<Extract<Trace, { param: string }>> = {}): Trace {
  return { result: true, param: 'channel_type', title: 'Channel type', operator: 'equals', operator_title: 'equals', expected: 'telegram', actual: 'telegram', ...more }
}

function decision(more: Partial<Decision> = {}): Decision {
  return {
    id: '71', at: '2026-11-21T10:00:00Z', state: 'done', kind: 'repeat', kind_title: 'A repeat inquiry', reasons: ['Deal 5 is the freshest open one.'], targets: [],
    inquiry: { kind: 'chat', id: '9', name: 'Anna', channel: { kind: 'telegram', name: 'Shop' }, phone: '', email: '' },
    settings: { kind: 'chats', version: 3, at: null, user: null }, parameters: [], steps: [], candidates: [], calls: [], requests: [], others: [],
    result: NOTHING, ...more
  }
}

function call(key: string, state: 'done' | 'failed' | 'not_run', id: string | null = null, error: string | null = null) {
  return { key, method: 'crm.item.add', params: {}, state, id, error }
}

const found = decision({
  result: { ...NOTHING, targets: [{ type: 'deal', id: '5', url: `${ORIGIN}/crm/deal/details/5/` }], copies: [{ type: 'contact', id: '7', url: `${ORIGIN}/crm/contact/details/7/` }] },
  candidates: [{ type: 'deal', id: '5', url: `${ORIGIN}/crm/deal/details/5/`, title: 'Kettles', opened: true, created_at: null, score: 1500010, chosen: true, reasons: ['It is open.'] }]
})
const made = decision({
  kind: 'primary', result: { ...NOTHING, create: ['contact', 'deal'], targets: [{ type: 'deal', id: null, url: null }], titles: { deal: 'Telegram: Anna' } },
  calls: [call('contact', 'done', '7'), call('deal', 'done', '12')]
})

describe('the answer', () => {
  it('names the card that was found', () => {
    expect(answer(found, ORIGIN)).toBe('The inquiry went to deal “Kettles” №\u00a05.')
  })

  it('says where a chat is that was moved', () => {
    const targets = [{ type: 'deal' as const, id: '11', url: `${ORIGIN}/crm/deal/details/11/` }]
    expect(answer(decision({ kind: 'known', moved: true, targets, result: { ...NOTHING, targets } }), ORIGIN)).toBe('The chat is now here: deal №\u00a011.')
    expect(answer(decision({ kind: 'known', moved: true }), ORIGIN)).toBe('The card will be chosen anew.')
  })

  it('names the card that was made, by the number its call brought', () => {
    expect(answer(made, ORIGIN)).toBe('Deal “Telegram: Anna” №\u00a012 was created for the inquiry.')
    expect(cardsOf(made, ORIGIN)).toEqual([
      { type: 'deal', id: '12', url: `${ORIGIN}/crm/deal/details/12/`, title: 'Telegram: Anna', state: 'made' },
      { type: 'contact', id: '7', url: `${ORIGIN}/crm/contact/details/7/`, title: '', state: 'made' }
    ])
  })

  it('does not call made what failed', () => {
    const failed = { ...made, state: 'failed' as const, calls: [call('contact', 'done', '7'), call('deal', 'failed', null, 'A field is missing.')] }
    expect(answer(failed, ORIGIN)).toBe('Deal “Telegram: Anna” is to be created for the inquiry.')
    expect(cardsOf(failed, ORIGIN)[0]).toMatchObject({ state: 'planned', url: null })
  })

  it.each([
    ['filtered', 'The inquiry was not let into CRM.'], ['none', 'Nothing was written to CRM.'], ['known', 'The card will be chosen anew.']
  ] as const)('of %s without a card', (kind, text) => {
    expect(answer(decision({ kind }), ORIGIN)).toBe(text)
  })
})

describe('conditions', () => {
  it('show what was wanted and what was there', () => {
    expect(traceLines(condition({ result: false, expected: ['telegram', 'whatsapp'], actual: 'viber' }), LEXICON))
      .toEqual(['✗ Channel type · equals · Telegram or WhatsApp — it was: Viber'])
  })

  it('indent groups and leave out a group of one', () => {
    const trace: Trace = { join: 'and', result: true, items: [{ join: 'or', result: true, items: [condition(), condition({ result: false, operator_title: 'has data', expected: null, actual: [] })] }] }
    expect(traceLines(trace, LEXICON)).toEqual([
      '✓ any of:', '  ✓ Channel type · equals · Telegram — it was: Telegram', '  ✗ Channel type · has data — it was: no data'
    ])
  })

  it('of none fit everything', () => {
    expect(traceLines({ join: 'and', result: true, items: [] }, LEXICON)).toEqual(['✓ any inquiry'])
  })

  it('call values as people do', () => {
    expect(valueText('chat_initiator', 'visitor', LEXICON)).toBe('Visitor')
    expect(valueText('other', false, LEXICON)).toBe('no')
    expect(valueText('other', ['a', 'b'], LEXICON)).toBe('a, b')
    expect(valueText('other', null, LEXICON)).toBe('no data')
  })
})

describe('rows', () => {
  const document = rules({
    filter: [{ id: 'f', when: { join: 'and', items: [] }, verdict: 'denied' }],
    responsibles: [{ id: 'r', when: { join: 'and', items: [] }, user_id: '3' }],
    pipelines_repeat: { rows: [{ id: 'p', when: { join: 'and', items: [] }, verdict: 'allow', stages: { lead_stage: '', category_id: '2', deal_stage: 'C2:NEW' } }], default: { lead_stage: '', category_id: null, deal_stage: '' } }
  })

  it('tell what they give, by the rules of that time', () => {
    expect(rowGives('filter', 'f', { document, directory: null })).toBe('kept out of CRM')
    expect(rowGives('responsible', 'r', { document, directory: null })).toBe('employee №3')
    expect(rowGives('pipelines', 'p', { document, directory: null })).toBe('Deal: 2, C2:NEW')
    expect(rowGives('responsible', 'gone', { document, directory: null })).toBe('')
  })
})

describe('the text for support', () => {
  it('has every part that there is, and no empty ones', () => {
    const text = report(decision({
      ...found,
      steps: [{ id: 'filter', title: 'Filter: may it go to CRM?', rows: [{ row_id: 'f', number: 1, matched: true, used: true, trace: condition() }] }],
      calls: [{ ...call('comment', 'failed', null, 'No access.'), method: 'crm.timeline.comment.add' }],
      requests: [{ id: 'q1', method: 'batch', at: '2026-11-21T10:00:01Z', status: 503, error: 'QUERY_LIMIT_EXCEEDED', milliseconds: 214 }]
    }), ORIGIN, LEXICON)
    expect(text).toContain('Decision №71 · Chat №9 · Anna · Shop')
    expect(text).toContain('The inquiry went to deal “Kettles” №\u00a05.\n- Deal 5 is the freshest open one.')
    expect(text).toContain(`- Deal “Kettles” №\u00a05 · found · ${ORIGIN}/crm/deal/details/5/`)
    expect(text).toContain('- Deal “Kettles” №\u00a05 · open · 1,500,010 · the chosen card · It is open.')
    expect(text).toContain('  1. matched and decided\n    ✓ Channel type · equals · Telegram — it was: Telegram')
    expect(text).toContain('- Write a comment · crm.timeline.comment.add · failed · No access.')
    expect(text).toContain('- 2026-11-21T10:00:01Z batch 503 214 ms q1 QUERY_LIMIT_EXCEEDED')
    expect(text).not.toContain('What was known')
  })
})
