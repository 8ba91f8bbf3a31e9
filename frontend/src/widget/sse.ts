export interface Heard {
  id: string
  event: string
  data: string
}

/** Splits a stream of Server-Sent Events; feed it text as it comes. */
export function parser(hear: (news: Heard) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const news: Heard = { id: '', event: 'message', data: '' }
      for (const line of block.split('\n')) {
        const colon = line.indexOf(': ')
        const name = line.slice(0, colon)
        if (name === 'id' || name === 'event' || name === 'data') news[name] = line.slice(colon + 2)
      }
      if (news.data) hear(news)
    }
  }
}

/**
 * Reads a stream until it ends; resolves with the HTTP status, 0 when the network failed.
 * A stream that is silent for longer than the server's pings allow is given up.
 */
export async function listen(
  url: string,
  headers: Record<string, string>,
  stop: AbortSignal,
  hear: (news: Heard) => void,
  silenceMs = 45_000
): Promise<number> {
  const watch = new AbortController()
  const abort = () => watch.abort()
  stop.addEventListener('abort', abort)
  let timer = setTimeout(abort, silenceMs)
  try {
    const answer = await fetch(url, { headers, signal: watch.signal, cache: 'no-store' })
    if (!answer.ok || !answer.body) return answer.status
    const reader = answer.body.getReader()
    const decoder = new TextDecoder()
    const feed = parser(hear)
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return answer.status
      clearTimeout(timer)
      timer = setTimeout(abort, silenceMs)
      feed(decoder.decode(value, { stream: true }))
    }
  } catch {
    return 0
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', abort)
  }
}
