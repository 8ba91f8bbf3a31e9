/** Working hours as rows of a form and as the lines they are kept in: `mon-fri 09:00-18:00`. */

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

export interface HoursRow { first: string; last: string; from: string; to: string }

const LINE = /^([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+(\d\d?:\d\d)\s*-\s*(\d\d?:\d\d)$/i

export function rowsOf(lines: string): HoursRow[] {
  return lines.split('\n').flatMap((line) => {
    const [, first = '', last, from = '', to = ''] = LINE.exec(line.trim().toLowerCase()) ?? []
    return first ? [{ first, last: last ?? first, from: clock(from), to: clock(to) }] : []
  })
}

export function linesOf(rows: HoursRow[]): string {
  return rows.map(({ first, last, from, to }) => `${first === last ? first : `${first}-${last}`} ${from}-${to}`).join('\n')
}

/** What a new row begins with: the office's week first, then its Saturday. */
export function nextRow(rows: HoursRow[]): HoursRow {
  return rows.length ? { first: 'sat', last: 'sat', from: '10:00', to: '16:00' } : { first: 'mon', last: 'fri', from: '09:00', to: '18:00' }
}

/** Midnight at the end of a day is 00:00 to a browser's clock field; an end not after its start is tomorrow's. */
function clock(time: string): string {
  const padded = time.padStart(5, '0')
  return padded === '24:00' ? '00:00' : padded
}
