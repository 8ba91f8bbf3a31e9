import { expect, test } from 'vitest'
import { oggOf, opusOf, samplesOf, secondsOf } from '../../src/lib/ogg'

const HEAD = [...'OpusHead'].map((letter) => letter.charCodeAt(0)).concat([1, 1, 0, 0, 0x80, 0xBB, 0, 0, 0, 0, 0])
/** A frame of 20 ms (SILK and CELT together, config 15) of some length. */
const packet = (length: number) => [0x78, ...Array<number>(length - 1).fill(7)]
const UNKNOWN = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
const sized = (id: number[], body: number[]) => [...id, 0x40 | (body.length >> 8), body.length & 0xFF, ...body]

/** As Chromium records: the segment and its clusters do not know their sizes. */
function webm(packets: number[][]): Uint8Array {
  const track = sized([0x16, 0x54, 0xAE, 0x6B], sized([0xAE], sized([0x63, 0xA2], HEAD)))
  const blocks = packets.flatMap((one) => sized([0xA3], [0x81, 0, 0, 0x80, ...one]))
  return Uint8Array.from([...sized([0x1A, 0x45, 0xDF, 0xA3], [1, 2, 3]), 0x18, 0x53, 0x80, 0x67, ...UNKNOWN, ...track, 0x1F, 0x43, 0xB6, 0x75, ...UNKNOWN, ...blocks])
}

function pages(ogg: Uint8Array): { flags: number; granule: number; body: number }[] {
  const found = []
  for (let at = 0; at < ogg.length;) {
    expect(String.fromCharCode(...ogg.slice(at, at + 4))).toBe('OggS')
    const view = new DataView(ogg.buffer, at)
    const lacing = [...ogg.slice(at + 27, at + 27 + ogg[at + 26]!)]
    const body = lacing.reduce((sum, one) => sum + one, 0)
    found.push({ flags: ogg[at + 5]!, granule: Number(view.getBigUint64(6, true)), body })
    at += 27 + lacing.length + body
  }
  return found
}

test('packets of a recording are found and timed', () => {
  const opus = opusOf(webm([packet(40), packet(300), packet(255)]))!
  expect(opus.packets.map((one) => one.length)).toEqual([40, 300, 255])
  expect([...opus.head]).toEqual(HEAD)
  expect(samplesOf(opus.packets[0]!)).toBe(960)
  expect(secondsOf(opus)).toBeCloseTo(0.06)
})

test('Ogg holds every packet, the last page ends it', () => {
  const told = pages(oggOf(opusOf(webm(Array.from({ length: 120 }, () => packet(80))))!))
  expect(told[0]).toEqual({ flags: 2, granule: 0, body: HEAD.length })
  expect(told.slice(2).reduce((sum, one) => sum + one.body, 0)).toBe(120 * 80)
  expect(told.at(-1)).toMatchObject({ flags: 4, granule: 120 * 960 })
})

test('what is no recording is nothing', () => {
  expect(opusOf(new Uint8Array([1, 2, 3]))).toBeNull()
  expect(opusOf(new Uint8Array(0))).toBeNull()
})
