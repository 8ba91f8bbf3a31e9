/** A voice recording of Chromium (Opus in WebM) put into Ogg: the only wrapping all messengers play as a voice message. */

const CLUSTER = 0x1F43B675
const SEGMENT = 0x18538067
const TRACKS = 0x1654AE6B
const TRACK = 0xAE
const PRIVATE = 0x63A2
const SIMPLE_BLOCK = 0xA3
const GROUP = 0xA0
const BLOCK = 0xA1
const INSIDE = new Set([CLUSTER, SEGMENT, TRACKS, TRACK, GROUP])
const RATE = 48_000
const PAGE_SAMPLES = RATE
const SEGMENTS_MOST = 255

export interface Opus { head: Uint8Array; packets: Uint8Array[] }

/** The packets of a WebM recording; null: there is no Opus in it. */
export function opusOf(webm: Uint8Array): Opus | null {
  const found: Opus = { head: new Uint8Array(), packets: [] }
  read(webm, 0, webm.length, found)
  return found.head.length && found.packets.length ? found : null
}

export function oggOf({ head, packets }: Opus): Uint8Array<ArrayBuffer> {
  const pages: Uint8Array[] = [page([head], 0n, 0, 2), page([tags()], 0n, 1, 0)]
  let granule = 0n
  let batch: Uint8Array[] = []
  let samples = 0
  let segments = 0
  packets.forEach((packet, at) => {
    const needs = Math.floor(packet.length / 255) + 1
    if (batch.length && (segments + needs > SEGMENTS_MOST || samples >= PAGE_SAMPLES)) {
      pages.push(page(batch, granule, pages.length, 0))
      batch = []
      samples = segments = 0
    }
    batch.push(packet)
    segments += needs
    samples += samplesOf(packet)
    granule += BigInt(samplesOf(packet))
    if (at === packets.length - 1) pages.push(page(batch, granule, pages.length, 4))
  })
  return joined(pages)
}

export function secondsOf({ packets }: Opus): number {
  return packets.reduce((sum, packet) => sum + samplesOf(packet), 0) / RATE
}

/** Elements inside one another; a live recording does not know the sizes of its outer ones. */
function read(bytes: Uint8Array, from: number, to: number, found: Opus): void {
  let at = from
  while (at < to) {
    const id = number(bytes, at, true)
    const size = id && number(bytes, at + id.length, false)
    if (!id || !size) return
    const start = at + id.length + size.length
    const end = size.unknown ? to : Math.min(start + size.value, to)
    if (INSIDE.has(id.value)) read(bytes, start, end, found)
    else if (id.value === PRIVATE) found.head = bytes.slice(start, end)
    else if (id.value === SIMPLE_BLOCK || id.value === BLOCK) takeBlock(bytes, start, end, found)
    at = end
  }
}

/** Track number, two bytes of time, one of flags, then the packet. */
function takeBlock(bytes: Uint8Array, start: number, end: number, found: Opus): void {
  const track = number(bytes, start, false)
  if (track && start + track.length + 3 < end) found.packets.push(bytes.slice(start + track.length + 3, end))
}

function number(bytes: Uint8Array, at: number, marked: boolean): { value: number; length: number; unknown: boolean } | null {
  const first = bytes[at]
  if (!first) return null
  const length = Math.clz32(first) - 23
  if (at + length > bytes.length) return null
  let value = marked ? first : first & (0xFF >> length)
  let full = !marked && value === 0xFF >> length
  for (let more = 1; more < length; more += 1) {
    full &&= bytes[at + more] === 0xFF
    value = value * 256 + bytes[at + more]!
  }
  return { value, length, unknown: full }
}

/** How long a packet sounds, in samples of 48 kHz. Source: RFC 6716, 3.1. */
export function samplesOf(packet: Uint8Array): number {
  const toc = packet[0] ?? 0
  const config = toc >> 3
  const frame = config < 12 ? [480, 960, 1920, 2880][config & 3]! : config < 16 ? [480, 960][config & 1]! : [120, 240, 480, 960][config & 3]!
  const frames = [1, 2, 2, (packet[1] ?? 0) & 63][toc & 3]!
  return frame * frames
}

function tags(): Uint8Array {
  const text = new TextEncoder()
  const vendor = text.encode('CallGear')
  const bytes = new Uint8Array(8 + 4 + vendor.length + 4)
  bytes.set(text.encode('OpusTags'))
  new DataView(bytes.buffer).setUint32(8, vendor.length, true)
  bytes.set(vendor, 12)
  return bytes
}

/** Source: RFC 3533, 6. */
function page(packets: Uint8Array[], granule: bigint, sequence: number, flags: number): Uint8Array {
  const lacing = packets.flatMap((packet) => [...Array<number>(Math.floor(packet.length / 255)).fill(255), packet.length % 255])
  const bytes = new Uint8Array(27 + lacing.length + packets.reduce((sum, packet) => sum + packet.length, 0))
  const view = new DataView(bytes.buffer)
  bytes.set([0x4F, 0x67, 0x67, 0x53, 0, flags])
  view.setBigUint64(6, granule, true)
  view.setUint32(14, 1, true)
  view.setUint32(18, sequence, true)
  bytes[26] = lacing.length
  bytes.set(lacing, 27)
  let at = 27 + lacing.length
  for (const packet of packets) {
    bytes.set(packet, at)
    at += packet.length
  }
  view.setUint32(22, checksum(bytes), true)
  return bytes
}

const TABLE = Uint32Array.from({ length: 256 }, (_, at) => {
  let value = at << 24
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x80000000 ? (value << 1) ^ 0x04C11DB7 : value << 1
  return value >>> 0
})

function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) sum = ((sum << 8) ^ TABLE[((sum >>> 24) ^ byte) & 0xFF]!) >>> 0
  return sum
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
