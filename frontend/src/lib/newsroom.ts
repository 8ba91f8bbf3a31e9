/** Live news reach the stores here, and people hear of them: sound, title, a line for screen readers. */

import { computed, ref, watch } from 'vue'
import type { App } from './app'
import { hearChannel, type ChannelNews } from './channel-news'
import { badge } from './desktop'
import { fillFrame, setTitle } from './frame'
import { n, t } from './i18n'
import { openLeading } from './leading'
import { Live } from './live'
import { armSound, beep } from './sound'
import type { DraftNews } from './store/drafts'
import type { LookupNews } from './store/outreach'
import type { Conversation, Id, LiveEvent, Message, OfflineRequest, Preferences } from './types'
import type { Transfer } from './workplace'
import type { Planned } from './store/scheduled'

const BATCH_MS = 50
/** More would hold up whoever types. */
const BATCH_MOST = 40

export interface News { conversation: Conversation | null; message: Message }

interface Ears {
  /** Something came that the person does not see right now. */
  onUnseen?: (news: News) => void
  /** A request has just come in. */
  onRequest?: (request: OfflineRequest) => void
  /** A chat is offered to me, or what I offered was answered. */
  onTransfer?: (transfer: Transfer) => void
}

export function openNewsroom(app: App, ears: Ears = {}): () => void {
  const { api, conversations, messages, channels, drafts, requests, session, announcer, place, workplace } = app
  // A card's tab hears of its own chats only: it must not silence the workplace.
  const leading = openLeading(`callgear:${app.boot.portal.id}:${app.boot.user.id}:${app.boot.entity?.id ?? ''}`)
  const visible = ref(document.visibilityState === 'visible')

  const handlers: Record<string, (data: unknown) => void> = {
    conversation: (data) => hearConversation(data as Conversation),
    presence: (data) => workplace.hearPresence(data as Parameters<typeof workplace.hearPresence>[0]),
    status: (data) => workplace.hearStatus(data as Parameters<typeof workplace.hearStatus>[0]),
    pins: (data) => workplace.hearPins(data as { user_id: Id; ids: Id[] }),
    tags: () => { void workplace.loadTags().catch(() => undefined) },
    transfer: (data) => hearTransfer(data as Transfer),
    role: (data) => { if ((data as { id: Id }).id === app.boot.user.id) void readStanding() },
    settings: (data) => { if ((data as { kind: string }).kind === 'workplace') void readStanding() },
    message: (data) => hearMessage(data as Message),
    channel: (data) => hearChannel(channels, data as ChannelNews),
    typing: (data) => conversations.heardTyping((data as { conversation_id: Id }).conversation_id),
    contact: (data) => app.profiles.hear(data as { id: Id }),
    scheduled: (data) => app.scheduled.hear(data as Planned),
    templates: (data) => app.templates.hear(data as { channel_id: Id }),
    lookup: (data) => app.outreach.hear(data as LookupNews),
    draft: (data) => drafts.hear(data as DraftNews),
    request: (data) => hearRequest(data as OfflineRequest),
    preferences: (data) => session.hear(data as { user_id: Id; preferences: Preferences })
  }

  const live = new Live({
    api,
    after: app.boot.live_after,
    onEvent: inBatches((event: LiveEvent) => handlers[event.kind]?.(event.data)),
    onReset: () => { void readAgain() },
    onState: (state, transport) => {
      session.state.live = state
      session.state.transport = transport
      if (state === 'open') messages.hurry()
    }
  })

  function hearConversation(conversation: Conversation): void {
    conversations.hear(conversation)
    workplace.hearConversation(conversation)
  }

  function hearTransfer(transfer: Transfer): void {
    workplace.hearTransfer(transfer)
    ears.onTransfer?.(transfer)
    const mine = transfer.receivers.includes(app.boot.user.id) && transfer.from?.id !== app.boot.user.id
    if (mine && transfer.state === 'pending' && session.state.preferences.sound) beep()
  }

  /** My rights may be others now: the lists are those of my rights. */
  async function readStanding(): Promise<void> {
    const before = workplace.rights.value.others
    await workplace.load().catch(() => undefined)
    if (workplace.rights.value.others === before) return
    conversations.sortAnew()
    await conversations.reloadAll().catch(() => undefined)
  }

  function hearMessage(message: Message): void {
    const isNew = messages.hear(message)
    conversations.hearState(message)
    if (!isNew || message.direction !== 'in') return
    const conversation = conversations.known.get(message.conversation_id) ?? null
    conversations.stoppedTyping(message.conversation_id)
    announce(message, conversation)
    if (isSeen(message.conversation_id) || !isMine(conversation)) return
    sound()
    ears.onUnseen?.({ conversation, message })
  }

  function sound(): void {
    if (session.state.preferences.sound && leading.leads()) beep()
  }

  function hearRequest(request: OfflineRequest): void {
    // A tab of a card shows no requests.
    if (app.boot.entity || !requests.hear(request)) return
    announcer.say(t('New request: {name}', { name: request.contact.name }))
    sound()
    ears.onRequest?.(request)
  }

  function announce(message: Message, conversation: Conversation | null): void {
    if (message.conversation_id !== conversations.state.openId) return announcer.countElsewhere()
    const name = conversation?.contact.name ?? message.author?.name ?? t('Client')
    announcer.say(`${name}: ${unseenText({ conversation, message })}`)
  }

  function isSeen(id: Id): boolean {
    return visible.value && document.hasFocus() && place.state.section === 'chats' && conversations.state.openId === id
  }

  /** A chat nobody took concerns everybody, a taken one only its operator. */
  function isMine(conversation: Conversation | null): boolean {
    if (!conversation) return !app.boot.entity
    return conversation.status !== 'active' || !conversation.responsible
      || conversation.responsible.id === app.boot.user.id
  }

  async function readAgain(): Promise<void> {
    const open = conversations.state.openId
    messages.forgetExcept(open)
    await Promise.allSettled([
      workplace.load(),
      conversations.reloadAll(),
      app.boot.entity ? null : requests.reload(),
      open ? conversations.fetchOne(open) : null,
      open ? messages.load(open) : null
    ])
  }

  const look = () => {
    visible.value = document.visibilityState === 'visible'
    if (visible.value) live.hurry()
  }
  const hurry = () => live.hurry()
  const calling = computed(() => conversations.state.counters.new + conversations.state.counters.active_unread + requests.state.counters.new)
  const stopTitle = watch(calling, (count) => {
    setTitle(titleOf(count))
    if (app.boot.standalone) badge(count)
  }, { immediate: true })
  const stopAlarm = watch(() => session.state.live, (state) => {
    announcer.alarm(state === 'lost' ? t('Connection lost, reconnecting…') : '')
  })

  document.addEventListener('visibilitychange', look)
  window.addEventListener('online', hurry)
  window.addEventListener('focus', hurry)
  armSound()
  fillFrame()
  const stopRenewal = api.keepFresh()
  void live.run()

  return () => {
    live.stop()
    leading.stop()
    stopTitle()
    stopAlarm()
    stopRenewal()
    document.removeEventListener('visibilitychange', look)
    window.removeEventListener('online', hurry)
    window.removeEventListener('focus', hurry)
  }
}

/** The first at once, those right behind it together: a burst costs one drawing, not a hundred. */
function inBatches<T>(take: (one: T) => void): (one: T) => void {
  const waiting: T[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const rest = () => {
    timer = waiting.length ? setTimeout(rest, BATCH_MS) : undefined
    waiting.splice(0, BATCH_MOST).forEach(take)
  }
  return (one) => {
    if (timer !== undefined) {
      waiting.push(one)
      return
    }
    timer = setTimeout(rest, BATCH_MS)
    take(one)
  }
}

function titleOf(count: number): string {
  return count ? `(${count}) ${t('CallGear Chats')}` : t('CallGear Chats')
}

export function unseenText(news: News): string {
  if (news.message.text) return news.message.text
  return n(news.message.attachments.length, 'sent a file', 'sent {count} files')
}
