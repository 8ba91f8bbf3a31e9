/** The Russian catalogue as the application serves it: `{ text: translation | [one, few, many] }`. */
import { readFileSync } from 'node:fs'

const ENTRY = /^msgid (?<id>".*"(?:\n".*")*)\n(?:msgid_plural ".*"(?:\n".*")*\n)?(?<said>msgstr(?:\[\d\])? ".*"(?:\n".*")*(?:\nmsgstr\[\d\] ".*"(?:\n".*")*)*)/gm
const FORM = /^msgstr(?<form>\[\d\])? (?<text>".*"(?:\n".*")*)/gm

export function readPo(path) {
  const pairs = [...readFileSync(path, 'utf8').matchAll(ENTRY)].map(({ groups }) => {
    const forms = [...groups.said.matchAll(FORM)]
    const said = forms.map((found) => unquoted(found.groups.text))
    return [unquoted(groups.id), forms[0].groups.form ? said : said[0]]
  })
  return Object.fromEntries(pairs.filter(([id]) => id))
}

/** Quoted lines follow each other as one text, escaped as JSON escapes. */
function unquoted(lines) {
  return lines.split('\n').map((line) => JSON.parse(line)).join('')
}
