import { expect, test } from 'vitest'
import { initialValues, missing, settingsOf, shownFields } from '../../src/settings/fields'
import type { ChannelKind } from '../../src/lib/types'

const kind: ChannelKind = {
  kind: 'webchat', title: 'Widget', fields: [
    { name: 'token', label: 'Token', type: 'secret', required: true },
    { name: 'sites', label: 'Sites', type: 'list', required: false, default: [] },
    { name: 'consent', label: 'Consent', type: 'bool', required: false, default: true }
  ],
  steps: [],
  limits: { text: 4000, caption: 0, file: 1, edit: false, delete: false, receipts: true, typing: true }
}

test('defaults fill the form, a secret never does', () => {
  expect(initialValues(kind.fields, { token: 'x', sites: ['a', 'b'] })).toEqual({ token: '', sites: 'a\nb', consent: true })
})

test('a list is one entry a line and an empty secret is not sent', () => {
  expect(settingsOf(kind.fields, { token: '', sites: ' a \n\n b, c', consent: false })).toEqual({ sites: ['a', 'b', 'c'], consent: false })
})

test('a kept secret may stay empty', () => {
  expect([missing(kind.fields, {}, []), missing(kind.fields, {}, ['token'])]).toEqual([['token'], []])
})

test('changing a channel does not ask for its secrets', () => {
  expect(shownFields(kind, 'edit').map((field) => field.name)).toEqual(['sites', 'consent'])
})
