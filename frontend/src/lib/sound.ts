/** A short two-tone beep made by the browser; no file, and silent before the first gesture. */

type Maker = () => AudioContext

/** A burst of messages is one sound. */
const EVERY_MS = 800

let context: AudioContext | null = null
let soundedAt = 0

/** Browsers let a page sound only after a gesture: wait for the first one. */
export function armSound(make: Maker = () => new AudioContext()): void {
  const wake = () => {
    try {
      context ??= make()
      void context.resume().catch(() => undefined)
    } catch {
      // No audio on this machine: stay silent.
    }
  }
  window.addEventListener('pointerdown', wake, { once: true })
  window.addEventListener('keydown', wake, { once: true })
}

export function beep(now: number = Date.now()): void {
  if (now - soundedAt < EVERY_MS) return
  soundedAt = now
  if (!context || context.state !== 'running') return
  tone(context, 880, 0)
  tone(context, 1175, 0.11)
}

function tone(audio: AudioContext, hertz: number, delaySeconds: number): void {
  const start = audio.currentTime + delaySeconds
  const oscillator = audio.createOscillator()
  const volume = audio.createGain()
  oscillator.type = 'sine'
  oscillator.frequency.value = hertz
  volume.gain.setValueAtTime(0.0001, start)
  volume.gain.exponentialRampToValueAtTime(0.12, start + 0.015)
  volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.18)
  oscillator.connect(volume).connect(audio.destination)
  oscillator.start(start)
  oscillator.stop(start + 0.2)
}
