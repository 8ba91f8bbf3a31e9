/** The whole page as plain text, for a letter to support. */

import { isGroupTrace, type Decision, type Step, type Trace } from '../lib/decisions'
import { t } from '../lib/i18n'
import { fullDate } from '../lib/time'
import {
  answer, callStateText, callTitle, cardName, cardsOf, cardStateText, cardTitle, defaultText, fieldText, isNothing, openText, points, rowText, valueText,
  type Lexicon
} from './wording'

const INDENT = '  '

export function report(decision: Decision, origin: string, lexicon: Lexicon): string {
  const parts: [string, string[]][] = [
    [heading(decision), [answer(decision, origin), ...decision.reasons.map(dash)]],
    [t('Result'), result(decision, origin)],
    [t('Candidates'), decision.candidates.map((one) => dash([
      `${cardTitle(one.type)} ${cardName(one.title, one.id)}`, openText(one.opened), points(one.score), one.chosen ? t('the chosen card') : '', one.reasons.join(' ')
    ].filter(Boolean).join(' · ')))],
    [t('Rules tried'), decision.steps.flatMap((step) => stepLines(step, lexicon))],
    [t('What was known'), decision.parameters.flatMap((group) => group.items.map((item) => dash(`${item.title} (${item.name}): ${valueText(item.name, item.value, lexicon)}`)))],
    [t('What was done'), decision.calls.map((call) => dash([callTitle(call), call.method, callStateText(call.state), call.id ?? '', call.error ?? ''].filter(Boolean).join(' · ')))],
    [t('Requests to Bitrix24'), decision.requests.map((one) => dash(`${one.at} ${one.method} ${one.status} ${one.milliseconds} ms ${one.id} ${one.error}`.trim()))]
  ]
  return parts.filter(([, lines]) => lines.length).map(([title, lines]) => [title, ...lines].join('\n')).join('\n\n')
}

function heading({ id, inquiry, at, kind_title: kind, settings }: Decision): string {
  const about = inquiry.kind === 'chat' ? t('Chat №{id}', { id: inquiry.id }) : t('Request №{id}', { id: inquiry.id })
  const version = settings.version ? t('Version {version}', { version: settings.version }) : t('the starting rules')
  return [t('Decision №{id}', { id }), about, inquiry.name, inquiry.channel.name, fullDate(at), kind, version].filter(Boolean).join(' · ')
}

function result(decision: Decision, origin: string): string[] {
  const { responsible, lead_stage: lead, pipeline, deal_stage: deal, fields } = decision.result
  const facts: [string, string | undefined][] = [
    [t('Responsible'), responsible?.name], [t('Lead stage'), lead?.name], [t('Pipeline'), pipeline?.name], [t('Deal stage'), deal?.name]
  ]
  return [
    ...cardsOf(decision, origin).map((card) => dash([`${cardTitle(card.type)} ${cardName(card.title, card.id)}`.trim(), cardStateText(card.state), card.url].filter(Boolean).join(' · '))),
    ...facts.filter(([, value]) => value).map(([label, value]) => dash(`${label}: ${value}`)),
    ...Object.entries(fields).flatMap(([entity, values]) => Object.entries(values).map(([code, value]) => dash(`${cardTitle(entity)}, ${code}: ${fieldText(value)}`)))
  ]
}

function stepLines(step: Step, lexicon: Lexicon): string[] {
  if (!step.rows.length) return [dash(`${step.title} ${defaultText(step.id)}`)]
  return [dash(step.title), ...step.rows.flatMap((row) => [
    `${INDENT}${row.number}. ${rowText(row)}`, ...traceLines(row.trace, lexicon).map((line) => INDENT.repeat(2) + line)
  ])]
}

/** One line for each condition, groups indented. */
export function traceLines(trace: Trace, lexicon: Lexicon): string[] {
  if (!isGroupTrace(trace)) return [`${trace.result ? '✓' : '✗'} ${conditionText(trace, lexicon)}`]
  if (!trace.items.length) return [`✓ ${t('any inquiry')}`]
  const items = trace.items.flatMap((item) => traceLines(item, lexicon))
  if (trace.items.length === 1) return items
  return [`${trace.result ? '✓' : '✗'} ${trace.join === 'and' ? t('all of:') : t('any of:')}`, ...items.map((line) => INDENT + line)]
}

export function conditionText(trace: Exclude<Trace, { join: string }>, lexicon: Lexicon): string {
  const wanted = isNothing(trace.expected) ? '' : valueText(trace.param, trace.expected, lexicon, ` ${t('or')} `)
  const said = [trace.title, trace.operator_title, wanted].filter(Boolean).join(' · ')
  return `${said} — ${t('it was: {value}', { value: isNothing(trace.actual) ? t('no data') : valueText(trace.param, trace.actual, lexicon) })}`
}

function dash(line: string): string {
  return `- ${line}`
}
