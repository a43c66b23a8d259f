// "Why can't I see Bob?": what is found from what is known, and that each finding can be said in both languages.
import { describe, expect, test } from 'vitest'
import { findings, say, type FindingCode } from '../../shared/diagnosis'
import { findingsDe } from '../../shared/diagnosis-de'
import { diagnose, type DeviceFacts, type HereFacts } from '../../main/peer/diagnosis'

const here: HereFacts = {
  silent: false,
  lan: true,
  internet: true,
  listening: true,
  port: 49737,
  interfaces: 1,
  multicastBlocked: false,
  beaconPortTaken: false,
  dht: 'up',
  addresses: [],
}
const away: DeviceFacts = {
  linked: false,
  neighbour: true,
  keptOut: false,
  heard: null,
  seenAgoMs: null,
  dial: null,
  ended: null,
  ahead: 0,
}
const heard = { agoMs: 4000, address: '192.168.1.7:49737' }
const failed = (error: string) => ({ attempts: 3, error, nextTryInMs: 5000 })

const bad = (h: Partial<HereFacts>, ...devices: Partial<DeviceFacts>[]): FindingCode[] =>
  diagnose(
    { ...here, ...h },
    'Bob',
    devices.map((device) => ({ ...away, ...device })),
  ).flatMap(({ tone, code }) => (tone === 'bad' ? [code] : []))

describe('what stands in the way', () => {
  test.each<[string, FindingCode[], Partial<HereFacts>, Partial<DeviceFacts>]>([
    ['no interface', ['NO_INTERFACE'], { interfaces: 0 }, {}],
    ['both switched off', ['ALL_OFF'], { lan: false, internet: false }, {}],
    ['no socket', ['NOT_LISTENING'], { listening: false }, {}],
    ['this device is silenced', ['SELF_SILENT'], { silent: true, listening: false }, {}],
    ['multicast is blocked', ['MULTICAST_BLOCKED'], { multicastBlocked: true }, {}],
    ['5353 is taken', ['BEACON_PORT_TAKEN'], { beaconPortTaken: true, multicastBlocked: true }, {}],
    ['no DHT, LAN off', ['DHT_UNREACHABLE', 'NO_ADDRESS'], { lan: false, dht: 'unreachable' }, {}],
    ['no DHT, not heard', ['DHT_UNREACHABLE', 'NOT_HEARD', 'NO_ADDRESS'], { dht: 'unreachable' }, {}],
    ['heard, but a firewall', ['NO_ANSWER'], {}, { heard, dial: failed('DIAL_TIMED_OUT') }],
    ['not there', ['NOT_HEARD', 'NOT_FOUND'], {}, { dial: failed('PEER_NOT_FOUND') }],
    [
      'an address that does not answer',
      ['NOT_HEARD', 'NO_ANSWER'],
      { internet: false, addresses: ['10.0.0.9:1'] },
      { dial: failed('PEER_NOT_FOUND') },
    ],
    ['another version', ['VERSION'], {}, { heard, ended: 'VERSION_UNSUPPORTED' }],
    ['another list', ['LIST_DIFFERS'], {}, { heard, ended: 'EPOCH_NOT_NEXT' }],
    ['kept out', ['KEPT_OUT'], {}, { heard, keptOut: true }],
    ['a clock is wrong', ['CLOCK'], {}, { linked: true, ahead: 2 }],
    ['nothing: it is linked', [], {}, { linked: true }],
    ['nothing: it is no neighbour, and others hear of it', ['NOT_HEARD'], {}, { neighbour: false, seenAgoMs: 9000 }],
  ])('[L4] %s', (_what, codes, h, device) => {
    expect(bad(h, device)).toEqual(codes)
  })

  test('[L4] a member without a device on the list has been removed', () => {
    expect(bad({})).toEqual(['REMOVED'])
  })

  test('[L4] one of two devices is linked: nothing is said twice', () => {
    const codes = diagnose(here, 'Bob', [{ ...away, linked: true }, away, away]).map(({ code }) => code)
    expect(codes).toContain('LINKED')
    expect(new Set(codes).size).toBe(codes.length)
  })
})

describe('the sentences', () => {
  const places = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!).sort()

  test('[L4] say the same in both languages', () => {
    for (const code of Object.keys(findings) as FindingCode[])
      expect(places(findingsDe[code]), code).toEqual(places(findings[code]))
  })

  test('[L4] leave no place empty, whatever is known', () => {
    const devices: DeviceFacts[] = [
      { ...away, heard, seenAgoMs: 1, dial: failed('HALF_OPEN'), ended: 'PROTOCOL_VERSION', ahead: 1 },
      { ...away, neighbour: false, seenAgoMs: 20_000 },
      { ...away, dial: failed('PEER_NOT_FOUND') },
      { ...away, linked: true },
      { ...away, keptOut: true },
    ]
    for (const h of [here, { ...here, internet: false, addresses: ['a:1', 'b:2'] }])
      for (const device of devices)
        for (const finding of diagnose(h, 'Bob', [device]))
          for (const place of places(findings[finding.code]))
            expect(finding.details, finding.code).toHaveProperty(place!)
    expect(say({ code: 'HEARD', tone: 'good', details: { name: 'Bob', seconds: 4, address: 'x:1' } })).toBe(
      'Bob was heard on this network 4 s ago, at x:1.',
    )
  })
})
