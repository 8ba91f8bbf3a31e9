/** What is wrong with a line, and what the button beside it does. */

import { t } from '../lib/i18n'
import type { Line } from '../lib/types'

/** A line that Bitrix24 lets go is one that a person has just pressed Connect for: it is mended at once. */
const MENDED_ON_OPEN: readonly Line['trouble'][] = ['disconnected', 'parked']

export function mendsByItself(line: Line): boolean {
  return MENDED_ON_OPEN.includes(line.trouble)
}

export function troubleOf(line: Line): string {
  return {
    '': '',
    switched_off: t('The line is switched off in Bitrix24. Messages of clients wait here and are not lost.'),
    disconnected: t('Bitrix24 says that the line is not connected. Messages of clients wait here and are not lost.'),
    refused: t('Bitrix24 has marked the connection with an error. Messages of clients wait here and are not lost.'),
    parked: t('The line has not taken messages lately. They wait here and are sent again by themselves.'),
    unserved: t('Bitrix24 believes that the line is connected, but no channel serves it: what is written there reaches nobody.')
  }[line.trouble]
}

export function mendingOf(line: Line): string {
  return {
    '': '',
    switched_off: t('Switch the line on'),
    disconnected: t('Connect again'),
    refused: t('Connect again'),
    parked: t('Send now'),
    unserved: t('Disconnect at Bitrix24')
  }[line.trouble]
}
