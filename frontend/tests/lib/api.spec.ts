import { expect, test, vi } from 'vitest'
import { Api, ApiError, type ApiSettings } from '../../src/lib/api'
import { server } from '../build'

function api(fetch: typeof globalThis.fetch, more: Partial<ApiSettings> = {}): Api {
  return new Api({ token: 't1', expiresInSeconds: 3600, fetch, wait: async () => undefined, ...more })
}

const expired = { status: 401, body: { error: { code: 'token_expired', message: 'Expired.' } } }
const over = { status: 401, body: { error: { code: 'session_over', message: 'Over.' } } }

test('a refused token is renewed and the call repeated', async () => {
  const { calls, fetch } = server(({ path, token }) => {
    if (path === '/session/renew') return { body: { token: 't2', expires_in: 3600 } }
    return token === 'Bearer t2' ? { body: { ok: 1 } } : expired
  })
  expect(await api(fetch).get('/me')).toEqual({ ok: 1 })
  expect(calls.map((call) => call.path)).toEqual(['/me', '/session/renew', '/me'])
})

test('calls at once share one renewal', async () => {
  const { calls, fetch } = server(({ path, token }) => {
    if (path === '/session/renew') return { body: { token: 't2', expires_in: 3600 } }
    return token === 'Bearer t2' ? {} : expired
  })
  const one = api(fetch)
  await Promise.all([one.get('/a'), one.get('/b'), one.get('/c')])
  expect(calls.filter((call) => call.path === '/session/renew')).toHaveLength(1)
})

test('a token near its end is renewed beforehand', async () => {
  const { calls, fetch } = server(({ path }) => (path === '/session/renew' ? { body: { token: 't2', expires_in: 3600 } } : {}))
  await api(fetch, { expiresInSeconds: 30 }).get('/me')
  expect(calls.map((call) => call.path)).toEqual(['/session/renew', '/me'])
})

test('a session over is renewed with the token of the portal', async () => {
  const { calls, fetch } = server(({ path, body, token }) => {
    if (path === '/session/renew') return (body as { auth_id?: string }).auth_id ? { body: { token: 't2', expires_in: 3600 } } : over
    return token === 'Bearer t2' ? { body: { ok: 1 } } : expired
  })
  expect(await api(fetch, { refreshAuth: async () => 'fresh' }).get('/me')).toEqual({ ok: 1 })
  expect(calls[2]?.body).toEqual({ auth_id: 'fresh' })
})

test('a session lost for good is told', async () => {
  const onSessionLost = vi.fn()
  const { fetch } = server(({ path }) => (path === '/session/renew' ? over : expired))
  await expect(api(fetch, { onSessionLost }).get('/me')).rejects.toThrow('Over.')
  expect(onSessionLost).toHaveBeenCalledOnce()
})

test('reading is tried again, writing is not', async () => {
  const { calls, fetch } = server(() => ({ status: 503, body: {} }))
  await expect(api(fetch).get('/me')).rejects.toThrow(ApiError)
  await expect(api(fetch).post('/me')).rejects.toThrow(ApiError)
  expect(calls.map((call) => call.method)).toEqual(['GET', 'GET', 'GET', 'POST'])
})

test('no answer is an error with the status 0', async () => {
  const { fetch } = server(() => new TypeError('network'))
  await expect(api(fetch).post('/me')).rejects.toMatchObject({ status: 0, code: 'unreachable', passing: true })
})

test('fields of a refusal are kept', async () => {
  const { fetch } = server(() => ({ status: 400, body: { error: { code: 'invalid', message: 'No.', fields: { token: 'Wrong.' } } } }))
  await expect(api(fetch).post('/channels', {})).rejects.toMatchObject({ fields: { token: 'Wrong.' } })
})

test('an error in HTML still has a code', async () => {
  const html = (async () => new Response('<h1>504</h1>', { status: 504 })) as unknown as typeof fetch
  await expect(api(html).post('/me')).rejects.toMatchObject({ code: 'http_504' })
})

test('empty query values are left out', async () => {
  const { calls, fetch } = server(() => ({}))
  await api(fetch).get('/conversations', { query: { status: 'new', cursor: null, mine: 1, search: '' } })
  expect(calls[0]?.path).toBe('/conversations?status=new&mine=1')
})

test('a page outside Bitrix24 shows its cookie at renewals and nowhere else', async () => {
  const shown: [string, unknown][] = []
  const fetch = async (url: unknown, init?: RequestInit) => {
    shown.push([String(url), init?.credentials])
    return new Response(JSON.stringify({ token: 't2', expires_in: 3600 }))
  }
  await api(fetch as typeof globalThis.fetch, { standalone: true, expiresInSeconds: 30 }).get('/me')
  expect(shown).toEqual([['/api/v1/session/renew', 'same-origin'], ['/api/v1/me', 'omit']])
})
