/** Records the voice of who sits here. The portal's frame may forbid the microphone: then it says so. */

import { oggOf, opusOf } from './ogg'

export interface Recording { stop: () => Promise<File | null>; cancel: () => void }

const TYPES = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus', 'audio/mp4']

export function mayRecord(): boolean {
  return typeof MediaRecorder !== 'undefined' && Boolean(navigator.mediaDevices?.getUserMedia) && Boolean(typeOf())
}

function typeOf(): string | undefined {
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type))
}

/** Rejects if there is no microphone or nobody may use it. */
export async function record(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } })
  const recorder = new MediaRecorder(stream, { mimeType: typeOf()!, audioBitsPerSecond: 32_000 })
  const chunks: Blob[] = []
  recorder.ondataavailable = ({ data }) => { if (data.size) chunks.push(data) }
  recorder.start(1_000)
  const release = () => stream.getTracks().forEach((track) => track.stop())
  const ended = new Promise<void>((done) => { recorder.onstop = () => done() })
  return {
    async stop() {
      if (recorder.state !== 'inactive') recorder.stop()
      await ended
      release()
      return chunks.length ? voiceFile(new Blob(chunks, { type: recorder.mimeType })) : null
    },
    cancel() {
      if (recorder.state !== 'inactive') recorder.stop()
      release()
    }
  }
}

async function voiceFile(blob: Blob): Promise<File | null> {
  const name = `voice-${new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-')}`
  if (!blob.type.includes('webm')) return new File([blob], `${name}.${blob.type.includes('ogg') ? 'ogg' : 'm4a'}`, { type: blob.type.split(';')[0] ?? '' })
  const opus = opusOf(new Uint8Array(await blob.arrayBuffer()))
  return opus && new File([oggOf(opus)], `${name}.ogg`, { type: 'audio/ogg' })
}
