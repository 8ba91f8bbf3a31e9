/** Of the windows of one person one sounds: the one they were in last. */

type Said = 'here' | 'gone'
type Line = Pick<BroadcastChannel, 'postMessage' | 'close'> & { onmessage: ((event: MessageEvent<Said>) => void) | null }

export interface Leading { leads: () => boolean; stop: () => void }

/** `name`: the same for all windows of a person, other people's hear nothing. */
export function openLeading(name: string, open: (name: string) => Line | null = line, view: Window = window): Leading {
  const channel = open(name)
  let mine = true

  const here = () => {
    mine = true
    channel?.postMessage('here')
  }
  const gone = () => channel?.postMessage('gone')
  // Who led is closed: until somebody looks at one of the others, each may sound.
  if (channel) channel.onmessage = ({ data }) => { mine = data === 'gone' }
  view.addEventListener('focus', here)
  view.addEventListener('pagehide', gone)
  here()

  return {
    leads: () => mine,
    stop(): void {
      gone()
      channel?.close()
      view.removeEventListener('focus', here)
      view.removeEventListener('pagehide', gone)
    }
  }
}

/** Where a browser keeps windows apart, each is alone. */
function line(name: string): Line | null {
  try {
    return new BroadcastChannel(name)
  } catch {
    return null
  }
}
