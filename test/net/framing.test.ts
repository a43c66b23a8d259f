// The frame layer under L3: what arrives is what was sent, and garbage costs a link, never the process.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeGreeting, encodeFrame, encodeGreeting, FrameReader, GREETING_BYTES } from '../../main/net/framing'
import { FRAME_BYTES_MAX } from '../../main/net/limits'

/** Cuts bytes at positions that the property chooses. */
function chunks(bytes: Uint8Array, cuts: number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

function readAll(parts: Uint8Array[]) {
  const reader = new FrameReader()
  const frames: Uint8Array[] = []
  const results = parts.map((part) => reader.push(part, (frame) => frames.push(frame)))
  return { frames, results }
}

describe('frames', () => {
  test('[L3] any chunking of the stream gives the same frames', () => {
    const frame = fc.uint8Array({ minLength: 1, maxLength: 40_000, size: 'max' })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 30 }), (sent, cuts) => {
        const { frames, results } = readAll(chunks(Buffer.concat(sent.map(encodeFrame)), cuts))
        expect(results.every((result) => result === 'OK')).toBe(true)
        expect(frames.map((got) => Buffer.from(got).toString('hex'))).toEqual(
          sent.map((was) => Buffer.from(was).toString('hex')),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('[L3] random bytes never throw, and nothing follows an error', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (parts) => {
        const { frames, results } = readAll(parts)
        const failed = results.indexOf('FRAME_OVERSIZED')
        if (failed >= 0) expect(results.slice(failed + 1).every((result) => result === 'OK')).toBe(true)
        for (const got of frames) expect(got.length).toBeGreaterThan(0)
      }),
    )
  })

  test('[L3] byte by byte: the largest frame arrives', () => {
    const sent = Buffer.alloc(FRAME_BYTES_MAX, 7)
    const bytes = encodeFrame(sent)
    const { frames } = readAll(Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1)))
    expect(frames).toHaveLength(1)
    expect(sent.equals(frames[0] ?? Buffer.alloc(0))).toBe(true)
  })

  test('[L3] zero and oversized lengths are refused as soon as the length is known', () => {
    const lengths = [0, FRAME_BYTES_MAX + 1, 0xffffffff]
    for (const length of lengths) {
      const head = Buffer.alloc(4)
      head.writeUInt32LE(length)
      expect(readAll([head.subarray(0, 3), head.subarray(3)])).toEqual({
        frames: [],
        results: ['OK', 'FRAME_OVERSIZED'],
      })
    }
    expect(() => encodeFrame(Buffer.alloc(0))).toThrow(RangeError)
    expect(() => encodeFrame(Buffer.alloc(FRAME_BYTES_MAX + 1))).toThrow(RangeError)
  })

  test('[L3] a frame does not share memory with the chunk that it came in', () => {
    const chunk = Buffer.from(encodeFrame(Buffer.from('hello')))
    const { frames } = readAll([chunk])
    chunk.fill(0)
    expect(Buffer.from(frames[0] ?? []).toString()).toBe('hello')
  })

  test('[L3] a reader that is stopped in the middle of a chunk gives no more frames', () => {
    const reader = new FrameReader()
    const frames: Uint8Array[] = []
    const two = Buffer.concat([encodeFrame(Buffer.from('one')), encodeFrame(Buffer.from('two'))])
    reader.push(two, (frame) => {
      frames.push(frame)
      reader.stop()
    })
    expect(frames).toHaveLength(1)
  })
})

describe('greeting', () => {
  test('[L4] a greeting round-trips; other bytes and other versions are told apart', () => {
    const run = Date.UTC(2031, 1, 2)
    const greeting = Buffer.from(encodeGreeting(run))
    expect(decodeGreeting(greeting)).toEqual({ ok: true, run })
    const newer = Buffer.from(greeting)
    newer[7] = 2
    expect(decodeGreeting(newer)).toEqual({ ok: false, code: 'VERSION_UNSUPPORTED' })
    expect(decodeGreeting(Buffer.alloc(GREETING_BYTES))).toEqual({ ok: false, code: 'GREETING_INVALID' })
    expect(decodeGreeting(greeting.subarray(1))).toEqual({ ok: false, code: 'GREETING_INVALID' })
  })
})
