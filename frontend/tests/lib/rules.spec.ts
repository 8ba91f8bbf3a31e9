import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../../src/lib/api'
import type { Published, RulesDocument } from '../../src/lib/rules'
import { createRules } from '../../src/lib/store/rules'
import { rules } from '../build'

type Handler = (body: any) => unknown

/** A server of one portal: keeps the newest version and the draft. */
function office(more: Record<string, Handler> = {}, draft: RulesDocument | null = null) {
  const at = '2026-11-21T12:03:00Z'
  const published: Published = {
    kind: 'chats', version: 4, document: rules(), draft: draft && { document: draft, user: { id: '2', name: 'Boris' }, at },
    updated_at: at, user: { id: '1', name: 'Anna' }, leads_exist: true, lines_active: false
  }
  const asked: [string, any][] = []
  const call = (method: string) => async (path: string, body?: unknown) => {
    const key = `${method} ${path.replace('/settings/chats', '')}`.trim()
    asked.push([key, body])
    if (more[key]) return more[key](body)
    if (key === 'GET') return structuredClone(published)
    if (key === 'PUT /draft') return { draft: { document: (body as any).document, user: { id: '2', name: 'Boris' }, at } }
    if (key === 'PUT') return { ...published, version: 5, document: (body as any).document }
    if (key === 'POST /check') return { fields: {} }
    return undefined
  }
  const store = createRules({ get: call('GET'), put: call('PUT'), post: call('POST'), delete: call('DELETE') } as never, 'chats')
  return { store, published, asked, sent: (key: string) => asked.filter(([one]) => one === key).map(([, body]) => body) }
}

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

test('a burst of changes is saved once, within a second', async () => {
  const { store, sent } = office()
  await store.load()
  for (const deal of ['C', 'Ch', 'Cha']) store.edit({ ...store.state.document!, titles: { lead: '', deal, activity: '' } })
  expect(store.state.saving).toBe('waiting')
  await vi.advanceTimersByTimeAsync(999)
  expect(sent('PUT /draft').map((body) => body.document.titles.deal)).toEqual(['Cha'])
  expect([store.state.saving, store.state.draft?.at]).toEqual(['saved', '2026-11-21T12:03:00Z'])
})

test('what is changed while a save is on its way is saved after it', async () => {
  let release = () => {}
  const { store, sent } = office({ 'PUT /draft': (body) => new Promise((done) => { release = () => done({ draft: { document: body.document, user: null, at: '' } }) }) })
  await store.load()
  store.edit({ ...rules(), write_to_closed: true })
  await vi.advanceTimersByTimeAsync(700)
  store.edit({ ...rules(), write_to_closed: true, copy_to_contact_company: true })
  const flushed = store.flush()
  release()
  await vi.advanceTimersByTimeAsync(0)
  expect(store.state.saving).toBe('waiting')
  release()
  expect(await flushed).toBe(true)
  expect(sent('PUT /draft').map((body) => body.document.copy_to_contact_company)).toEqual([false, true])
})

test('a save that failed is tried again, and nobody leaves unwarned', async () => {
  let broken = true
  const { store } = office({ 'PUT /draft': (body) => { if (broken) throw new ApiError(0, { code: 'unreachable', message: '' }); return { draft: { document: body.document, user: null, at: 'x' } } } })
  await store.load()
  store.edit({ ...rules(), write_to_closed: true })
  expect(await store.flush()).toBe(false)
  expect([store.state.saving, store.unsaved.value]).toEqual(['failed', true])
  broken = false
  await vi.advanceTimersByTimeAsync(5000)
  expect([store.state.saving, store.unsaved.value]).toEqual(['saved', false])
})

test('back to what is published drops the draft, and can be undone', async () => {
  const { store, sent } = office({}, { ...rules(), write_to_closed: true })
  await store.load()
  expect(store.changed.value).toBe(true)
  store.discard()
  await store.flush()
  expect([store.changed.value, sent('DELETE /draft').length, store.state.draft]).toEqual([false, 1, null])
  store.undo()
  expect(store.state.document?.write_to_closed).toBe(true)
})

test('a refusal of an older document says nothing', async () => {
  const answers: ((fields: object) => void)[] = []
  const { store } = office({ 'POST /check': () => new Promise((done) => answers.push((fields) => done({ fields }))) })
  await store.load()
  store.edit({ ...rules(), create_primary: [] })
  await vi.advanceTimersByTimeAsync(600)
  store.edit({ ...rules(), create_primary: ['lead'] })
  await vi.advanceTimersByTimeAsync(600)
  answers[1]!({})
  answers[0]!({ create_primary: 'Choose a lead or a deal.' })
  await vi.advanceTimersByTimeAsync(0)
  expect(store.state.errors).toEqual({})
})

test('publishing sends the base version and makes the draft the base', async () => {
  const { store, sent } = office()
  await store.load()
  store.edit({ ...rules(), write_to_closed: true })
  await store.publish('closed ones too')
  expect(sent('PUT')).toEqual([{ document: { ...rules(), write_to_closed: true }, version: 4, note: 'closed ones too' }])
  expect([store.state.published?.version, store.changed.value, store.state.draft]).toEqual([5, false, null])
  await vi.advanceTimersByTimeAsync(5000)
  expect(sent('PUT /draft')).toEqual([])
})

test('a stale publication shows the other version; over it, side by side or theirs', async () => {
  const stale = () => { throw new ApiError(409, { code: 'stale', message: 'Somebody was quicker.' }) }
  let refuse = true
  const { store, published, sent } = office({ PUT: (body) => (refuse ? stale() : { ...published, version: 7, document: body.document }) })
  await store.load()
  store.edit({ ...rules(), write_to_closed: true })
  Object.assign(published, { version: 6, document: { ...rules(), deadline_minutes: 5 } })
  await expect(store.publish('')).rejects.toThrow()
  expect(store.state.clash?.conflicts).toEqual([])
  store.takeBoth()
  expect([store.state.document?.deadline_minutes, store.state.document?.write_to_closed, store.state.clash]).toEqual([5, true, null])
  refuse = false
  await store.publish('')
  expect(sent('PUT').map((body) => body.version)).toEqual([4, 6])
})

test('over another version on purpose', async () => {
  let refuse = true
  const { store, published, sent } = office({ PUT: (body) => { if (refuse) throw new ApiError(409, { code: 'stale', message: '' }); return { ...published, version: 7, document: body.document } } })
  await store.load()
  store.edit({ ...rules(), deadline_minutes: 10 })
  Object.assign(published, { version: 6, document: { ...rules(), deadline_minutes: 5 } })
  await expect(store.publish('')).rejects.toThrow()
  expect(store.state.clash?.conflicts).toEqual(['deadline_minutes'])
  await store.flush()
  expect(sent('PUT /draft').at(-1).document.deadline_minutes).toBe(10)
  refuse = false
  await store.publish('', true)
  expect([sent('PUT').at(-1).version, store.state.document?.deadline_minutes]).toEqual([6, 10])
})

test('a switch turned elsewhere joins the draft quietly', async () => {
  const { store, published } = office()
  await store.load()
  store.edit({ ...rules(), write_to_closed: true })
  Object.assign(published, { version: 5, document: { ...rules(), active: false } })
  await store.refresh()
  expect([store.state.document?.active, store.state.document?.write_to_closed, store.state.published?.version, store.state.clash]).toEqual([false, true, 5, null])
})

test('who may only look sees what is in force', async () => {
  const { published } = office({}, { ...rules(), write_to_closed: true })
  const store = createRules({ get: async () => published } as never, 'chats', false)
  await store.load()
  expect([store.state.document?.write_to_closed, store.state.draft, store.changed.value]).toEqual([false, null, false])
})

test('an older version comes back and the draft goes, one step back brings it', async () => {
  const { store, sent } = office({ 'POST /rollback': (body) => ({ kind: 'chats', version: 5, document: { ...rules(), deadline_minutes: body.version }, draft: { document: rules(), user: null, at: '' }, updated_at: '', user: null, leads_exist: true, lines_active: false }) })
  await store.load()
  store.edit({ ...rules(), write_to_closed: true })
  await store.flush()
  await store.rollback(2)
  expect([store.state.document?.deadline_minutes, store.changed.value, sent('DELETE /draft').length]).toEqual([2, false, 1])
  store.undo()
  expect(store.state.document?.write_to_closed).toBe(true)
})

test('both kept, mine where both changed the same', async () => {
  const { store, published } = office({ PUT: () => { throw new ApiError(409, { code: 'stale', message: '' }) } })
  await store.load()
  store.edit({ ...rules(), deadline_minutes: 10 })
  Object.assign(published, { version: 6, document: { ...rules(), deadline_minutes: 5, write_to_closed: true } })
  await expect(store.publish('')).rejects.toThrow()
  store.takeBoth()
  expect([store.state.document?.deadline_minutes, store.state.document?.write_to_closed, store.state.published?.version]).toEqual([10, true, 6])
})

test('a draft that a colleague took away with the portal’s is kept anew before it is compared', async () => {
  let asked = 0
  const { store, sent } = office({
    'GET /compare': () => {
      if ((asked += 1) === 1) throw new ApiError(404, { code: 'not_found', message: '', fields: {} })
      return { items: [] }
    }
  })
  await store.load()
  store.edit({ ...store.state.document!, titles: { lead: '', deal: 'C', activity: '' } })
  await store.flush()
  expect(await store.compare(4, 'draft')).toEqual([])
  expect(sent('PUT /draft')).toHaveLength(2)
})
