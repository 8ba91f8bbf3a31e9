/** One polite line for screen readers: at most a sentence every two seconds. */

import { reactive } from 'vue'
import { n } from '../i18n'

const QUIET_MS = 2_000

export type Announcer = ReturnType<typeof createAnnouncer>

export function createAnnouncer() {
  const state = reactive({ polite: '', urgent: '' })
  let elsewhere = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let waiting = ''

  function say(sentence: string): void {
    waiting = sentence
    speakSoon()
  }

  /** A message in a chat that is not open: only their number is said. */
  function countElsewhere(): void {
    elsewhere += 1
    speakSoon()
  }

  function alarm(sentence: string): void {
    state.urgent = sentence
  }

  function speakSoon(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      const number = elsewhere ? n(elsewhere, '{count} new message', '{count} new messages') : ''
      state.polite = [waiting, number].filter(Boolean).join('. ')
      waiting = ''
      elsewhere = 0
    }, QUIET_MS)
  }

  return { state, say, countElsewhere, alarm }
}
