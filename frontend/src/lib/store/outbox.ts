/** What hangs on the composer of each conversation: files on their way up and the quoted message. */

import { reactive } from 'vue'
import { ApiError, type Api } from '../api'
import { explain } from '../explain'
import { t } from '../i18n'
import { size } from '../text'
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

/** What the chat's channel takes; checked before anything is uploaded. */
export interface Limits { file_limit: number; file_types: string[] }

const ANY: Limits = { file_limit: FILE_LIMIT, file_types: [] }

export type Outbox = ReturnType<typeof createOutbox>

export function createOutbox(api: Pick<Api, 'upload'>) {
  const baskets = reactive(new Map<Id, Basket>())

  function of(id: Id): Basket {
    if (!baskets.has(id)) baskets.set(id, { files: [], quote: null })
    return baskets.get(id)!
  }

  function add(id: Id, files: Iterable<File>, limits: Limits = ANY, extra: Record<string, string> = {}): void {
    for (const file of files) {
      of(id).files.push(pending(file, limits))
      const mine = of(id).files.at(-1)!
      if (!mine.error) void send(mine, file, extra)
    }
  }

  async function send(mine: PendingFile, file: File, extra: Record<string, string>): Promise<void> {
    try {
      mine.attachment = await api.upload<Attachment>('/files', file, (share) => { mine.share = share }, mine.stop.signal, extra)
      mine.share = 1
    } catch (error) {
      if (mine.stop.signal.aborted) return
      mine.error = error instanceof ApiError ? explain(error) : t('Could not be uploaded')
    }
  }

  /** Files that are on the server already. */
  function put(id: Id, attachments: Attachment[]): void {
    of(id).files.push(...attachments.map(uploaded))
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

  return { baskets, of, add, put, remove, take, quote }
}

function pending(file: File, limits: Limits): PendingFile {
  const error = refusal(file, limits)
  return {
    key: newUuid(),
    name: file.name,
    size: file.size,
    preview: file.type.startsWith('image/') && !error ? URL.createObjectURL(file) : null,
    share: 0,
    error,
    attachment: null,
    stop: new AbortController()
  }
}

function uploaded(attachment: Attachment): PendingFile {
  const preview = attachment.mime.startsWith('image/') ? attachment.url : null
  return { key: newUuid(), name: attachment.name, size: attachment.size ?? 0, preview, share: 1, error: '', attachment, stop: new AbortController() }
}

/** Why the channel would not take a file; empty: it would. A file without a type is judged by the server. */
export function refusal(file: { size: number; type: string }, limits: Limits): string {
  if (file.size > limits.file_limit) return t('The file is too large: the limit is {size}.', { size: size(limits.file_limit).replace('.0', '') })
  const fits = !limits.file_types.length || !file.type || limits.file_types.some((type) => type === file.type || type === `${file.type.split('/')[0]}/*`)
  return fits ? '' : t('This messenger does not take files of this type.')
}

function release(file: PendingFile): void {
  if (!file.attachment) file.stop.abort()
  if (file.preview?.startsWith('blob:')) URL.revokeObjectURL(file.preview)
}
