/** Clients as operators keep them: addresses, manager, note, likely duplicates and merges to undo. */

import { reactive } from 'vue'
import type { Api } from '../api'
import type { Id, Time } from '../types'

export interface Duplicate { id: Id; name: string; phone: string; email: string }
/** cause: by what two clients were joined by themselves, and its value; '' if a person merged them. */
export interface Merge { id: Id; name: string; at: Time; by: string; cause: '' | 'id' | 'phone' | 'email'; mark: string }

export interface Profile {
  id: Id
  name: string
  phones: string[]
  emails: string[]
  phone_locked: boolean
  manager: { id: Id; name: string } | null
  note: string
  duplicates: Duplicate[]
  merges: Merge[]
}

export interface ProfileDraft { name: string; phones: string[]; emails: string[]; manager_id: Id | null; note: string }

export type ProfilesStore = ReturnType<typeof createProfiles>

export function createProfiles(api: Pick<Api, 'get' | 'post' | 'put'>) {
  const known = reactive(new Map<Id, Profile>())

  async function load(id: Id): Promise<void> {
    known.set(id, await api.get<Profile>(`/contacts/${id}/profile`))
  }

  async function edit(id: Id, draft: ProfileDraft): Promise<void> {
    known.set(id, await api.put<Profile>(`/contacts/${id}/profile`, draft))
  }

  async function merge(id: Id, other: Id): Promise<void> {
    known.set(id, await api.post<Profile>(`/contacts/${id}/merge`, { contact_id: other }))
    known.delete(other)
  }

  async function undo(id: Id, mergeId: Id): Promise<void> {
    known.set(id, await api.post<Profile>(`/merges/${mergeId}/undo`, {}))
  }

  /** A colleague has changed a client that this screen shows. */
  function hear({ id }: { id: Id }): void {
    if (known.has(id)) void load(id).catch(() => undefined)
  }

  return { known, load, edit, merge, undo, hear }
}

export function draftOf(profile: Profile): ProfileDraft {
  return {
    name: profile.name, phones: [...profile.phones], emails: [...profile.emails],
    manager_id: profile.manager?.id ?? null, note: profile.note
  }
}
