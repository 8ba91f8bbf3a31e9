import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDrafts } from '../../src/lib/store/drafts'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

function store() {
  const put = vi.fn(async () => undefined)
  return { drafts: createDrafts({ put } as never, '2', 'here'), put }
}

test('typing is saved once it pauses', () => {
  const { drafts, put } = store()
  drafts.write('1', 'H')
  drafts.write('1', 'Hi')
  vi.advanceTimersByTime(1_000)
  expect(put.mock.calls).toEqual([['/conversations/1/draft', { text: 'Hi', window: 'here' }]])
})

test('leaving the chat saves at once', () => {
  const { drafts, put } = store()
  drafts.write('1', 'Hi')
  drafts.flush('1')
  vi.advanceTimersByTime(5_000)
  expect(put).toHaveBeenCalledOnce()
})

test('the server does not overwrite what is being typed', () => {
  const { drafts } = store()
  drafts.write('1', 'mine')
  drafts.adopt('1', 'theirs')
  expect(drafts.text('1')).toBe('mine')
})

test('what one writes in another window shows here', () => {
  const { drafts } = store()
  const news = { conversation_id: '1', text: 'Hello', user_id: '2', window: 'there' }
  drafts.hear(news)
  expect(drafts.text('1')).toBe('Hello')
  drafts.hear({ ...news, text: 'old', window: 'here' })
  drafts.hear({ ...news, text: 'secret', user_id: '3' })
  expect(drafts.text('1')).toBe('Hello')
})
