import { describe, expect, it } from 'vitest'
import { Api } from '../../src/lib/api'
import { createRequests } from '../../src/lib/store/requests'
import { offlineRequest, server, settled } from '../build'

function store(rows = [offlineRequest({ id: '3' }), offlineRequest({ id: '2' })]) {
  const { calls, fetch } = server(({ path }) => {
    if (path.startsWith('/requests/counters')) return { body: { new: rows.length, active: 0, done: 0 } }
    if (path.startsWith('/requests?')) return { body: { items: path.includes('status=new') || path.includes('limit=1') ? rows : [], next: null } }
    return { body: {} }
  })
  return { calls, requests: createRequests(new Api({ token: 't', expiresInSeconds: 900, fetch }), '2') }
}

describe('requests', () => {
  it('show what is new at its place, and say that it is new', async () => {
    const { requests } = store()
    await Promise.all([requests.start(), requests.load('new')])
    expect(requests.hear(offlineRequest({ id: '4', created_at: '2026-11-21T11:00:00Z' }))).toBe(true)
    expect(requests.list('new').map(({ id }) => id)).toEqual(['4', '3', '2'])
  })

  it('say nothing of an old one that was not on the screen', async () => {
    const { requests } = store()
    await requests.start()
    expect(requests.hear(offlineRequest({ id: '1' }))).toBe(false)
  })

  it('follow a request from one state to the next', async () => {
    const { requests } = store()
    await Promise.all([requests.load('new'), requests.load('active')])
    requests.hear(offlineRequest({ id: '3', status: 'active' }))
    expect(requests.list('new').map(({ id }) => id)).toEqual(['2'])
    expect(requests.list('active').map(({ id }) => id)).toEqual(['3'])
  })

  it('are not overwritten by a page that is older than the news', async () => {
    const { requests } = store()
    const loading = requests.load('new')
    requests.hear(offlineRequest({ id: '3', note: 'newer' }))
    await loading
    await settled()
    expect(requests.known.get('3')?.note).toBe('newer')
  })

  it('of colleagues stay out of «mine»', async () => {
    const { requests } = store()
    await requests.choose({ mine: true })
    requests.hear(offlineRequest({ id: '9', status: 'active', responsible: { id: '5', name: 'Gleb' } }))
    requests.hear(offlineRequest({ id: '8', status: 'active', responsible: { id: '2', name: 'Boris' } }))
    expect(requests.list('active').map(({ id }) => id)).toEqual(['8'])
  })
})
