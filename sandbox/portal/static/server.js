// The portal's own server: small JSON requests of its pages.

/** Sends a form; answers the JSON, or throws an Error with words for a person. */
export async function send(url, fields = {}) {
  const body = fields instanceof FormData ? fields : formOf(fields)
  const response = await fetch(url, { method: 'POST', body })
  const answer = await response.json().catch(() => ({}))
  if (!response.ok) throw new Error(answer.error || `HTTP ${response.status}`)
  return answer
}

export async function read(url) {
  const response = await fetch(url, { headers: { Accept: 'application/json' } })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return response.json()
}

function formOf(fields) {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, textOf(value))
  return form
}

function textOf(value) {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')
}
