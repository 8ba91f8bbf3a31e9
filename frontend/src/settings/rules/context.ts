/** What every part of the rules editor shares: what is edited, what Bitrix24 has, and how to change a piece. */

import { inject, type InjectionKey } from 'vue'
import type { CrmField, Directory, FieldEntity, Parameter, ParameterGroup, RulesDocument, RulesKind } from '../../lib/rules'
import type { Channel } from '../../lib/types'

export interface RulesProps {
  kind: RulesKind
  document: RulesDocument
  directory: Directory
  parameters: ParameterGroup[]
  channels: Channel[]
  errors: Record<string, string>
  readonly: boolean
  linesActive: boolean
}

export interface Sample { template: string; entity?: FieldEntity; field?: string }
export interface Shown { text: string; unknown: string[]; typed?: { value: unknown; problem: string } | null }
export type Preview = (sample: Sample, signal: AbortSignal) => Promise<Shown>

export interface Rules {
  props: RulesProps
  /** Replaces the named parts; the document itself is never changed in place. */
  put: (part: Partial<RulesDocument>) => void
  preview: Preview
  parameter: (name: string) => Parameter | undefined
  field: (entity: FieldEntity, code: string) => CrmField | undefined
}

export const RULES: InjectionKey<Rules> = Symbol('rules')

export function useRules(): Rules {
  const rules = inject(RULES)
  if (!rules) throw new Error('only inside RulesEditor')
  return rules
}

/** Properties that a site sets itself; braces would end a template's hole. */
const CUSTOM = /^custom\.[^{}\p{Cc}]{1,100}$/u

export function isParameterName(name: string): boolean {
  return CUSTOM.test(name) && name.slice('custom.'.length).trim() !== ''
}

export function findParameter(groups: ParameterGroup[], name: string): Parameter | undefined {
  for (const group of groups) {
    const found = group.items.find((item) => item.name === name)
    if (found) return found
  }
  if (!isParameterName(name)) return undefined
  return { name, title: name.slice('custom.'.length), type: 'text', operators: ['equals', 'not_equals', 'includes', 'excludes', 'has_data', 'no_data'], options: [] }
}
