/** Everything a page is made of, built once from its boot data and handed down. */

import { inject, type InjectionKey } from 'vue'
import { Api } from './api'
import { freshAuth, insidePortal } from './frame'
import { createAbilities } from './store/abilities'
import { createPlace } from './place'
import { createAnnouncer } from './store/announcer'
import { createChannels } from './store/channels'
import { createContacts } from './store/contacts'
import { createConversations } from './store/conversations'
import { createDrafts } from './store/drafts'
import { createMessageTemplates } from './store/message-templates'
import { createMessages } from './store/messages'
import { createOutbox } from './store/outbox'
import { createOutreach } from './store/outreach'
import { createProfiles } from './store/profiles'
import { createRequests } from './store/requests'
import { createWorkplace } from './store/workplace'
import { createQuickReplies } from './store/quick-replies'
import { createScheduled } from './store/scheduled'
import { createSession } from './store/session'
import type { Boot } from './types'

export type App = ReturnType<typeof createPage>

export const APP: InjectionKey<App> = Symbol('app')

export function useApp(): App {
  const app = inject(APP)
  if (!app) throw new Error('the page was not mounted by mount()')
  return app
}

export function createPage(boot: Boot) {
  const api = new Api({
    token: boot.token,
    expiresInSeconds: boot.expires_in,
    lang: boot.lang,
    standalone: boot.standalone ?? false,
    ...(insidePortal() ? { refreshAuth: freshAuth } : {}),
    onSessionLost: () => { session.state.lost = true }
  })
  const session = createSession(boot, api)
  const workplace = createWorkplace({ api, userId: boot.user.id, entity: boot.entity })
  return {
    boot,
    api,
    session,
    conversations: createConversations({ api, userId: boot.user.id, entity: boot.entity, seesOthers: () => workplace.rights.value.others }),
    workplace,
    messages: createMessages({ api, me: boot.user }),
    drafts: createDrafts(api, boot.user.id),
    outbox: createOutbox(api),
    outreach: createOutreach(api),
    abilities: createAbilities(api),
    quickReplies: createQuickReplies(api),
    scheduled: createScheduled(api),
    templates: createMessageTemplates(api),
    channels: createChannels(api),
    contacts: createContacts(api),
    profiles: createProfiles(api),
    requests: createRequests(api, boot.user.id),
    announcer: createAnnouncer(),
    place: createPlace(boot.standalone ?? false)
  }
}
