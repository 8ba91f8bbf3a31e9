/** What went wrong with a step, for the person who installs; the exact words of Bitrix24 stay at hand. */

import { t } from '../lib/i18n'

export interface Trouble { text: string; details: string }

const CODE = /\b[A-Z]{3,}(?:_[A-Z]+)+\b/
const BUSY = /QUERY_LIMIT_EXCEEDED|OPERATION_TIME_LIMIT|OVERLOAD_LIMIT|budget of requests/
const FORBIDDEN = /ACCESS_DENIED|insufficient_scope|NO_AUTH_FOUND|wrong_client/i

export function stepTrouble(error: string): Trouble {
  if (BUSY.test(error)) return { text: t('Bitrix24 is busy now. Try again in a minute.'), details: error }
  if (FORBIDDEN.test(error)) return { text: t('Bitrix24 does not allow this. Check that you are an administrator and that the plan includes it.'), details: error }
  if (CODE.test(error)) return { text: t('Bitrix24 refused. Try again; if it does not help, show the details to support.'), details: error }
  return { text: t(error), details: '' }
}
