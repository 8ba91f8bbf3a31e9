/** One question at a time, answered by a dialog: `await confirm({...})` is true if the person agreed. */

import { reactive } from 'vue'

export interface Question { title: string; text: string; agree: string; danger?: boolean }

export function useConfirm() {
  const state = reactive({ open: false, question: { title: '', text: '', agree: '' } as Question })
  let settle: (agreed: boolean) => void = () => undefined

  function ask(question: Question): Promise<boolean> {
    Object.assign(state, { open: true, question })
    return new Promise((resolve) => { settle = resolve })
  }

  function answer(agreed: boolean): void {
    state.open = false
    settle(agreed)
  }

  return { state, ask, answer }
}
