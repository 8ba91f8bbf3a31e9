import { expect, test, vi } from 'vitest'
import { ApiError } from '../../src/lib/api'
import { createInstallation } from '../../src/lib/store/installation'

const step = (id: string, state = 'wanted') => ({ id, title: id, state, error: null })

function store(post: (path: string) => Promise<unknown>) {
  const get = vi.fn(async () => ({ steps: [step('a'), step('b'), step('c', 'done')], finished: false }))
  const spy = vi.fn(post)
  return { installation: createInstallation({ get, post: spy } as never), post: spy }
}

test('steps run one after another, done ones are left', async () => {
  const { installation, post } = store(async (path) => step(path.split('/')[2]!, 'done'))
  await installation.load()
  await installation.run()
  expect(post.mock.calls.map(([path]) => path)).toEqual(['/install/a', '/install/b'])
  expect(installation.complete.value).toBe(true)
})

test('a failed step is shown and can be retried alone', async () => {
  let broken = true
  const { installation } = store(async (path) => {
    if (path === '/install/a' && broken) throw new ApiError(502, { code: 'bitrix', message: 'Bitrix24 answered 503.' })
    return step(path.split('/')[2]!, 'done')
  })
  await installation.load()
  await installation.run()
  expect(installation.state.steps.map((one) => [one.state, one.error])).toEqual([['failed', 'Bitrix24 answered 503.'], ['done', null], ['done', null]])
  broken = false
  await installation.runStep('a')
  expect(installation.complete.value).toBe(true)
})
