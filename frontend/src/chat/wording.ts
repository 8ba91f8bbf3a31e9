/** Sentences about messages and chats that several places on the screen need. */

import { n, t } from '../lib/i18n'
import type { Attachment, Conversation, Message } from '../lib/types'

/** Lines that are told with what was written to the colleague. */
const SAYS_COMMENT = ['transfer_offered', 'transferred']

export function systemText(message: Message): string {
  const { code = '', params = {} } = message.system ?? {}
  const name = params.name ?? message.author?.name
  const named: Record<string, () => string> = {
    accepted: () => t('{name} took the chat', { name: name! }),
    begun: () => t('{name} began the chat', { name: name! }),
    closed: () => t('{name} closed the chat', { name: name! }),
    reopened: () => t('{name} reopened the chat', { name: name! }),
    transfer_offered: () => t('{name} offers the chat to {to}', { name: name!, to: params.to ?? '' }),
    transfer_accepted: () => t('{name} took the transferred chat', { name: name! }),
    transfer_declined: () => t('{name} declined the transfer', { name: name! }),
    transfer_cancelled: () => t('{name} took the transfer back', { name: name! }),
    transferred: () => t('{name} handed the chat to {to}', { name: name!, to: params.to ?? '' }),
    line_first: () => t('{name} had taken the chat in the Open Line first', { name: name! }),
    line_reopened: () => t('{name} began the dialog again in the Open Line', { name: name! }),
    line_transferred: () => t('{name} was given the chat in the Open Line', { name: name! })
  }
  const count = Number(params.count ?? 0)
  const plain: Record<string, () => string> = {
    accepted: () => t('The chat was taken'),
    begun: () => t('The chat was begun'),
    closed: () => t('The chat was closed'),
    reopened: () => t('The chat was reopened'),
    line_finished: () => t('The Open Line dialog was finished'),
    line_waits: () => t('The dialog waits for an operator in the Open Line'),
    line_left_accept: () => t('The chat could not be taken in the Open Line: take it there too'),
    line_left_close: () => t('The dialog could not be finished in the Open Line: finish it there too'),
    line_left_reopen: () => t('The dialog could not be begun in the Open Line: begin it there too'),
    line_left_transfer: () => t('The chat could not be handed over in the Open Line: do it there too'),
    line_failed: () => t('The message did not reach the Open Line'),
    not_amended: () => t('The client still sees what was written before'),
    line_late: () => n(count,
      '{count} message written in the Open Line earlier was delivered late',
      '{count} messages written in the Open Line earlier were delivered late'),
    line_lacking: () => n(count,
      '{count} message of this chat is not in the Open Line any more',
      '{count} messages of this chat are not in the Open Line any more'),
    automatic_reply: () => t('An automatic answer came: {text}', { text: String(params.text ?? '') }),
    client_blocked: () => t('The client does not accept messages from this channel any more.'),
    client_returned: () => t('The client accepts messages again')
  }
  const sentence = (name && named[code]) || plain[code]
  const words = sentence ? sentence() : message.text
  return params.comment && SAYS_COMMENT.includes(code) ? `${words}: «${params.comment}»` : words
}

/** Where an outgoing message came from, when not from this workplace. */
export function originText(message: Message): string {
  const texts: Partial<Record<Message['origin'], string>> = {
    line: t('Open Line'), bot: t('robot'), device: t('from the phone')
  }
  return message.direction === 'out' ? texts[message.origin] ?? '' : ''
}

export function stateText(message: Message): string {
  const texts: Record<Message['state'], string> = {
    received: t('Received'), queued: t('In the queue'), sending: t('Sending'), sent: t('Sent'),
    delivered: t('Delivered'), read: t('Read'), failed: t('Not sent')
  }
  return texts[message.state]
}

export function attachmentText(attachment: Attachment | undefined): string {
  return attachment ? kindText(attachment.kind) || attachment.name : ''
}

/** What a file is called in a line about it; empty for a plain document. */
export function kindText(kind: string): string {
  const texts: Record<string, string> = {
    image: t('Photo'), video: t('Video'), audio: t('Audio'), voice: t('Voice message'), sticker: t('Sticker')
  }
  return texts[kind] ?? ''
}

/** One line for the list. */
export function preview(conversation: Conversation): string {
  const last = conversation.last_message
  if (!last) return t('No messages yet')
  const words = last.text.trim()
  const file = last.kind ? kindText(last.kind) || t('File') : ''
  const text = [file, words].filter(Boolean).join(' · ') || t('File')
  return last.direction === 'out' ? t('You: {text}', { text }) : text
}

/** Why one cannot write here; empty: one can. */
export function whySilent(conversation: Conversation): string {
  if (conversation.may.reply) return ''
  if (conversation.silent) return conversation.silent
  if (conversation.status === 'closed') return t('The chat is finished. Reopen it to write.')
  if (conversation.may.accept && !conversation.contact.blocked) return t('Take the chat to answer.')
  if (conversation.contact.blocked) return t('The client does not accept messages from this channel any more.')
  return t('The channel is disconnected: nothing can be sent through it.')
}
