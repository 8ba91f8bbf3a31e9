/** What hangs on the composer of each conversation: files on their way up and the quoted message. */

import { reactive } from 'vue'
import { ApiError, type Api } from '../api'
import { explain } from '../explain'
import { t } from '../i18n'
import { newUuid } from '../uuid'
import type { Attachment, Id, Quote } from '../types'

export interface PendingFile {
  key: string
  name: string
  size: number
  preview: string | null
  share: number
  error: string
  attachment: Attachment | null
  stop: AbortController
}

interface Basket { files: PendingFile[]; quote: Quote | null }

export const FILE_LIMIT = 20 * 1024 * 1024

export type Outbox = ReturnType<typeof createOutbox>

export function createOutbox(api: Pick<Api, 'upload'>) {
  const baskets = reactive(new Map<Id, Basket>())

  function of(id: Id): Basket {
    if (!baskets.has(id)) baskets.set(id, { files: [], quote: null })
    return baskets.get(id)!
  }

  function add(id: Id, files: Iterable<File>): void {
    for (const file of files) {
      of(id).files.push(pending(file))
      const mine = of(id).files.at(-1)!
      if (!mine.error) void send(mine, file)
    }
  }

  async function send(mine: PendingFile, file: File): Promise<void> {
    try {
      mine.attachment = await api.upload<Attachment>('/files', file, (share) => { mine.share = share }, mine.stop.signal)
      mine.share = 1
    } catch (error) {
      if (mine.stop.signal.aborted) return
      mine.error = error instanceof ApiError ? explain(error) : t('Could not be uploaded')
    }
  }

  function remove(id: Id, key: string): void {
    const basket = of(id)
    basket.files.filter((file) => file.key === key).forEach(release)
    basket.files = basket.files.filter((file) => file.key !== key)
  }

  /** Hands the finished files and the quote over to a message and starts anew. */
  function take(id: Id): { attachments: Attachment[]; quote: Quote | null } {
    const basket = of(id)
    const attachments = basket.files.flatMap((file) => file.attachment ?? [])
    const { quote } = basket
    basket.files.forEach(release)
    baskets.set(id, { files: [], quote: null })
    return { attachments, quote }
  }

  function quote(id: Id, quoted: Quote | null): void {
    of(id).quote = quoted
  }

  return { baskets, of, add, remove, take, quote }
}

function pending(file: File): PendingFile {
  const tooLarge = file.size > FILE_LIMIT
  return {
    key: newUuid(),
    name: file.name,
    size: file.size,
    preview: file.type.startsWith('image/') && !tooLarge ? URL.createObjectURL(file) : null,
    share: 0,
    error: tooLarge ? t('The file is too large: the limit is 20 MB.') : '',
    attachment: null,
    stop: new AbortController()
  }
}

function release(file: PendingFile): void {
  if (!file.attachment) file.stop.abort()
  if (file.preview) URL.revokeObjectURL(file.preview)
}
