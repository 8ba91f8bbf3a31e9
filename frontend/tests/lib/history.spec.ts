import { expect, test } from 'vitest'
import { createHistory } from '../../src/lib/history'

function story() {
  let time = 0
  const history = createHistory<{ title: string; on: boolean }>(() => time)
  let current = { title: '', on: false }
  return {
    history,
    wait: (ms: number) => { time += ms },
    now: () => current,
    change: (what: Partial<typeof current>) => { history.record(current, { ...current, ...what }); current = { ...current, ...what } },
    undo: () => { current = history.undo(current) ?? current },
    redo: () => { current = history.redo(current) ?? current }
  }
}

test('a word typed at one go is one step', () => {
  const it = story()
  for (const title of ['D', 'De', 'Dea']) { it.change({ title }); it.wait(200) }
  it.undo()
  expect([it.now().title, it.history.canUndo.value, it.history.canRedo.value]).toEqual(['', false, true])
  it.redo()
  expect(it.now().title).toBe('Dea')
})

test('a pause, another place or a switch begin a new step', () => {
  const it = story()
  it.change({ title: 'D' })
  it.wait(2000)
  it.change({ title: 'De' })
  it.change({ on: true })
  it.change({ on: false })
  const seen = []
  while (it.history.canUndo.value) { it.undo(); seen.push(`${it.now().title}:${it.now().on}`) }
  expect(seen).toEqual(['De:true', 'De:false', 'D:false', ':false'])
})

test('a new change forgets what could be done again', () => {
  const it = story()
  it.change({ on: true })
  it.undo()
  it.change({ title: 'x' })
  expect(it.history.canRedo.value).toBe(false)
})
