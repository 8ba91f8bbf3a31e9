// The words between an application's frame and the portal's page: reading, writing, addresses.

const OPENABLE = /^\/(crm\/(deal|lead|contact|company|type)\/|marketplace\/|company\/personal\/user\/\d+\/|workgroups\/group\/\d+\/)/

const WIDTHS = [
  ['/company/personal/user/0/groups/create/', 1200],
  ['/workgroups/', 900],
  ['/crm/company/requisite/', 950],
  ['/crm/type/', 1640],
]

/** What a command returns to leave the frame without an answer. */
export const NO_ANSWER = Symbol('no answer')

/** What a frame asks, `{command, params, key, sid}`; null when it is not in our language. */
export function parseMessage(data) {
  if (typeof data === 'string') return parseText(data)
  if (data && typeof data === 'object' && typeof data.method === 'string') return parseObject(data)
  return null
}

// The JSON in the middle holds colons of its own, so the ends are cut off from both sides.
function parseText(text) {
  const parts = text.split(':')
  if (parts.length < 3) return null
  return {
    command: parts[0],
    params: parseParams(parts.slice(1, -2).join(':')),
    key: parts.at(-2),
    sid: parts.at(-1),
  }
}

function parseObject({ method, params, callback, appSid }) {
  return { command: method, params: params ?? '', key: callback ?? '', sid: appSid }
}

function parseParams(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text // setValue sends the bare string
  }
}

/** The answer as it travels: always a string. */
export function replyText(key, value) {
  return `${key}:${value === undefined ? '' : JSON.stringify(value)}`
}

/** The path with its `..` walked, and the slider's width hidden in front of them. */
export function readPath(raw) {
  const path = String(raw ?? '')
  const url = new URL(path, location.origin)
  return {
    path: url.pathname + url.search,
    width: path.includes('..') ? widthOf(path) : null,
    allowed: url.origin === location.origin && OPENABLE.test(url.pathname),
  }
}

function widthOf(path) {
  const known = WIDTHS.find(([prefix]) => path.startsWith(prefix))
  return known ? known[1] : null
}
