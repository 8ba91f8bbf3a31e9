/** The Bitrix24 window around us. Nothing here blocks: outside a portal every wish quietly comes to nothing. */

import type { B24Frame } from '@bitrix24/b24jssdk'

const HELLO_MS = 10_000
const FINISH_HINT_MS = 900

export class FrameError extends Error {}

let connection: Promise<B24Frame> | null = null

/** The portal names the frame `DOMAIN|PROTOCOL|APP_SID`; any other name means we are on our own. */
export function insidePortal(name: string = window.name): boolean {
  return name.split('|').length === 3 && window.parent !== window
}

/** The SDK, loaded late and connected once. Its own promise may never settle, hence the limit. */
export function connectFrame(limitMs: number = HELLO_MS): Promise<B24Frame> {
  if (!insidePortal()) return Promise.reject(new FrameError('not inside Bitrix24'))
  connection ??= import('@bitrix24/b24jssdk').then((sdk) => sdk.initializeB24Frame())
  return within(connection, limitMs)
}

export async function freshAuth(): Promise<string> {
  const frame = await connectFrame()
  const auth = await within(frame.auth.refreshAuth(), HELLO_MS)
  if (!auth) throw new FrameError('Bitrix24 gave no access token')
  return auth.access_token
}

let shownTitle = ''

export function setTitle(title: string): void {
  if (title === shownTitle) return
  shownTitle = title
  document.title = title
  quietly((frame) => frame.parent.setTitle(title))
}

/** Shrinks or stretches the frame to what is in it: for pages that are forms. */
export function fitFrame(): void {
  quietly((frame) => frame.parent.fitWindow())
}

/** A chat scrolls inside itself and takes the height there is, unless that is next to nothing. */
export function fillFrame(minHeight = 440): void {
  if (window.innerHeight >= minHeight) return
  quietly((frame) => frame.parent.resizeWindow(Math.max(window.innerWidth, 320), minHeight))
}

/** Opens an address of the portal in its slider, anything else in a new tab. */
export async function openLink(url: string, portalOrigin: string): Promise<void> {
  const target = new URL(url, portalOrigin)
  if (target.origin === portalOrigin && insidePortal()) {
    try {
      const frame = await connectFrame()
      await frame.slider.openPath(frame.slider.getUrl(target.pathname + target.search), 1640)
      return
    } catch {
      // The portal refused: a tab is better than nothing.
    }
  }
  window.open(target.href, '_blank', 'noopener')
}

/** The application's own page, in a slider over the place we are in. */
export function openSettings(): void {
  quietly((frame) => frame.slider.openSliderAppPage({ bx24_width: 1100 }))
}

/** Asks the portal to open the page anew: a plain reload would send its form a second time. */
export function reload(): void {
  if (!insidePortal()) return location.reload()
  connectFrame(3_000).then((frame) => frame.parent.reloadWindow()).catch(() => location.reload())
}

/** Tells Bitrix24 that the installation is done. It reloads the page, so its answer may never come. */
export async function finishInstallation(): Promise<void> {
  const frame = await connectFrame()
  const asked = frame.installFinish()
  await Promise.race([asked, new Promise((done) => setTimeout(done, FINISH_HINT_MS))])
}

function quietly(wish: (frame: B24Frame) => Promise<unknown>): void {
  if (!insidePortal()) return
  connectFrame().then(wish).catch(() => undefined)
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout>
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FrameError('Bitrix24 does not answer')), ms)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}
