/** The parts of the page in order, and which of them an error belongs to. */

import type { RulesKind } from '../../lib/rules'
import { t } from '../../lib/i18n'

export interface Section { id: string; title: string; paths: string[] }

export function sections(kind: RulesKind): Section[] {
  const chats = kind === 'chats'
  return [
    { id: 'channels', title: chats ? t('Chat channels') : t('Sites with requests'), paths: ['active', 'channels'] },
    { id: 'filter', title: t('Filtering'), paths: ['filter', 'filter_default'] },
    { id: 'responsibles', title: t('Responsible people'), paths: ['responsible_id', 'responsibles'] },
    { id: 'creation', title: t('What is created'), paths: ['create_primary', 'create_repeat', 'deadline_minutes'] },
    { id: 'priority', title: t('Priority of adding comments'), paths: ['comment_priority'] },
    { id: 'pipelines_primary', title: t('Pipeline filter: first inquiry'), paths: ['pipelines_primary'] },
    { id: 'pipelines_repeat', title: t('Pipeline filter: repeat inquiry'), paths: ['pipelines_repeat'] },
    { id: 'writing', title: chats ? t('When to write') : t('Writing to CRM'), paths: ['transcript', 'copy_to_contact_company', 'write_to_closed'] },
    { id: 'titles', title: t('Templates of names'), paths: ['titles'] },
    { id: 'fields', title: t('Field mapping'), paths: ['fields'] }
  ]
}

/** How many refusals a section has. */
export function refusals(section: Section, errors: Record<string, string>): number {
  return Object.keys(errors).filter((path) => section.paths.includes(path.split('.')[0] ?? '')).length
}
