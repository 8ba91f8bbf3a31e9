import type { Directory, Parameter, ParameterGroup, RulesDocument } from '../../../src/lib/rules'
import type { Channel } from '../../../src/lib/types'

const TEXTS: Parameter['operators'] = ['equals', 'not_equals', 'includes', 'excludes', 'has_data', 'no_data']

export const SITE: Parameter = { name: 'site_domain_name', title: 'Site', type: 'text', operators: TEXTS, options: [] }
export const HOUR: Parameter = { name: 'communication_hour', title: 'Hour', type: 'number', operators: ['equals', 'not_equals', 'greater', 'less', 'has_data', 'no_data'], options: [] }
export const DAY: Parameter = { name: 'communication_weekday', title: 'Weekday', type: 'enum', operators: ['equals', 'not_equals', 'has_data', 'no_data'], options: ['1', '2'], option_titles: ['Monday', 'Tuesday'] }
export const VISIT: Parameter = { name: 'is_communication_with_visit', title: 'Has a visit', type: 'bool', operators: ['equals', 'not_equals'], options: [] }
export const TYPE: Parameter = { name: 'channel_type', title: 'Channel type', type: 'text', operators: TEXTS, options: [] }
export const CHANNEL: Parameter = { name: 'channel_id', title: 'Channel', type: 'text', operators: TEXTS, options: [] }

export const parameters: ParameterGroup[] = [{ id: 'all', title: 'All', items: [SITE, HOUR, DAY, VISIT, TYPE, CHANNEL] }]

export function channel(more: Partial<Channel> = {}): Channel {
  return {
    id: '1', kind: 'telegram', name: 'Shop', state: 'working', last_error: null, last_in_at: null, last_out_at: null, external_id: null,
    link: null, settings: {}, secrets_set: [], line: null, widget: null, silence: { hours: 0, since: null }, waiting: 0, created_at: '2026-11-01T00:00:00Z', ...more
  }
}

const NO_STAGES = { lead_stage: '', category_id: null, deal_stage: '' }

export function rules(more: Partial<RulesDocument> = {}): RulesDocument {
  return {
    active: true, channels: null, responsible_id: null, responsibles: [], create_primary: ['deal'], create_repeat: [], comment_priority: 'deal',
    pipelines_primary: { rows: [], default: NO_STAGES }, pipelines_repeat: { rows: [], default: NO_STAGES }, transcript: 'online',
    copy_to_contact_company: false, filter: [], filter_default: 'allow', titles: { lead: '', deal: '', activity: '' }, fields: [],
    write_to_closed: false, deadline_minutes: 60, ...more
  }
}

export function directory(more: Partial<Directory> = {}): Directory {
  return {
    fetched_at: '2026-11-22T08:00:00Z', refreshing: false, error: null, leads_exist: true, zone: 'UTC', departments: [{ id: '1', name: 'Support', parent: null }],
    users: [{ id: '5', name: 'Ann', photo_url: null, position: 'Manager', departments: ['1'] }],
    pipelines: [{ id: '3', name: 'Retail', stages: [{ id: 'C3:NEW', name: 'New', color: '#39A8EF', semantics: 'process' }] }],
    lead_stages: [], sources: [], fields: { lead: [], deal: [], contact: [] }, ...more
  }
}
