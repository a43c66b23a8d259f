// The pure decisions of main/net: when to dial (L1, L2), where a device is (L1), and what a beacon may say (L1, L3).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodePayload,
  decodeTxt,
  encodePayload,
  encodeTxt,
  readServices,
  SERVICE,
  type BeaconPayload,
} from '../../main/net/beacon-payload'
import { pathTo } from '../../main/net/address'
import { decideDial, newDialRecord, type DialFacts, type DialRecord } from '../../main/net/dial'
import HyperDHT from 'hyperdht'
import { LanDht } from '../../main/net/lan-dht'
import { LanPeers } from '../../main/net/lan-peers'
import { LAN_ADDRESSES_PER_PEER_MAX, LAN_PEERS_MAX } from '../../main/net/limits'
import { deviceOf, keyPairOf, open, seal, until } from './peers'

const T = 1_000_000
const record = (changes: Partial<DialRecord> = {}): DialRecord => ({ ...newDialRecord(T, () => 0), ...changes })
const facts = (changes: Partial<DialFacts> = {}): DialFacts => ({
  nowMs: T,
  busy: false,
  route: 'lan',
  heardAtMs: 0,
  eager: true,
  ...changes,
})

describe('when to dial', () => {
  test.for<[string, Partial<DialRecord>, Partial<DialFacts>, object]>([
    ['the bigger key dials at once', {}, {}, { act: 'dial' }],
    ['the smaller key waits on the LAN', {}, { eager: false }, { act: 'wait', untilMs: T + 1_500 }],
    ['the smaller key waits up to twice as long', { jitter: 1 }, { eager: false }, { act: 'wait', untilMs: T + 3_000 }],
    [
      'the smaller key waits longer on the internet',
      {},
      { eager: false, route: 'internet' },
      { act: 'wait', untilMs: T + 8_000 },
    ],
    ['a person does not wait', { urgent: true, attempts: 5, endedAtMs: T }, { eager: false }, { act: 'dial' }],
    ['a failure backs off', { attempts: 2, endedAtMs: T }, {}, { act: 'wait', untilMs: T + 500 }],
    ['up to three times as long', { attempts: 2, endedAtMs: T, jitter: 1 }, {}, { act: 'wait', untilMs: T + 1_500 }],
    ['many failures back off no further', { attempts: 99, endedAtMs: T }, {}, { act: 'wait', untilMs: T + 7_500 }],
    [
      'a beacon after a failure shortens it',
      { attempts: 9, endedAtMs: T - 500 },
      { heardAtMs: T },
      { act: 'wait', untilMs: T + 500 },
    ],
    [
      'an old beacon does not',
      { attempts: 9, endedAtMs: T },
      { heardAtMs: T - 1 },
      { act: 'wait', untilMs: T + 7_500 },
    ],
    ['nothing to dial with', { urgent: true }, { route: null }, { act: 'none', why: 'NO_ROUTE' }],
    ['a stream is there already', { urgent: true }, { busy: true }, { act: 'none', why: 'BUSY' }],
  ])('[L1] %s', ([, changes, given, expected]) => {
    expect(decideDial(record(changes), facts(given))).toEqual(expected)
  })

  test('[L1] a wait ends: at its time the decision is to dial', () => {
    const times = fc.integer({ min: T - 400_000, max: T })
    const anyRecord = fc.record({
      sinceMs: times,
      routeSinceMs: times,
      attempts: fc.nat(50),
      endedAtMs: times,
      lastError: fc.constant(null),
      urgent: fc.boolean(),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    const anyFacts = fc.record({
      nowMs: fc.constant(T),
      busy: fc.constant(false),
      route: fc.constantFrom('lan', 'manual', 'internet'),
      heardAtMs: times,
      eager: fc.boolean(),
    })
    fc.assert(
      fc.property(anyRecord, anyFacts, (any, given) => {
        const decision = decideDial(any, given as DialFacts)
        const untilMs = decision.act === 'wait' ? decision.untilMs : T
        expect(decision.act).not.toBe('none')
        // 300 s, one and a half times as long at most.
        expect(untilMs).toBeLessThanOrEqual(T + 450_000)
        expect(decideDial(any, { ...(given as DialFacts), nowMs: untilMs })).toEqual({ act: 'dial' })
      }),
    )
  })
})

describe('where a device is', () => {
  const payload = (changes: Partial<BeaconPayload> = {}): BeaconPayload => ({
    device: deviceOf('bob'),
    serverPort: 1000,
    clientPort: 2000,
    run: 5,
    ...changes,
  })

  test('[L1] heard, moved, restarted, gone', () => {
    const peers = new LanPeers()
    const bob = deviceOf('bob')
    expect(peers.hear(payload(), '10.0.0.2', 100, T)).toBe('new')
    expect(peers.hear(payload(), '10.0.0.2', 100, T + 1)).toBe('same')
    expect(peers.hear(payload(), '10.0.0.3', 100, T + 2)).toBe('moved')
    expect(peers.addresses(bob)).toEqual([
      { host: '10.0.0.3', port: 2000 },
      { host: '10.0.0.3', port: 1000 },
      { host: '10.0.0.2', port: 2000 },
      { host: '10.0.0.2', port: 1000 },
    ])
    expect(peers.hear(payload({ run: 6, serverPort: 1001 }), '10.0.0.3', 100, T + 3)).toBe('restarted')
    expect(peers.addresses(bob)).toHaveLength(2)
    // A recording of the earlier run changes nothing, and neither does its goodbye.
    expect(peers.hear(payload(), '10.0.0.66', 100, T + 4)).toBe('ignored')
    expect(peers.goodbye(payload())).toBe(false)
    expect(peers.expire(T + 102)).toEqual([])
    expect(peers.expire(T + 103)).toEqual([{ device: bob, host: '10.0.0.3', port: 1001 }])
    expect(peers.list()).toEqual([])
    peers.hear(payload(), '10.0.0.2', 100, T)
    expect(peers.goodbye(payload())).toBe(true)
  })

  test('[L3] members who forge beacons fill bounded lists', () => {
    const peers = new LanPeers()
    for (let i = 0; i < 20; i++) peers.hear(payload(), `10.0.1.${i}`, 100, T)
    expect(peers.addresses(deviceOf('bob'))).toHaveLength(2 * LAN_ADDRESSES_PER_PEER_MAX)
    for (let i = 0; i < LAN_PEERS_MAX + 20; i++)
      peers.hear(payload({ device: deviceOf(String(i)) }), '10.0.0.9', 100, T)
    expect(peers.list()).toHaveLength(LAN_PEERS_MAX)
  })

  test('[L2] the path is judged by the address', () => {
    const own = [
      { address: '192.168.1.5', prefix: 24 },
      { address: '130.60.1.5', prefix: 16 },
    ]
    const paths = [
      '127.0.0.1',
      '192.168.1.5',
      '192.168.1.9',
      '172.31.0.1',
      '172.32.0.1',
      '130.60.200.1',
      '130.61.0.1',
      '169.254.3.3',
      '',
    ].map((host) => pathTo(host, own))
    expect(paths).toEqual(['loopback', 'loopback', 'lan', 'lan', 'internet', 'lan', 'internet', 'lan', 'internet'])
  })
})

describe('what a beacon says', () => {
  const self: BeaconPayload = {
    device: deviceOf('alice'),
    serverPort: 49737,
    clientPort: 65535,
    run: Date.UTC(2040, 0, 1),
  }
  const key = keyPairOf('circle').publicKey

  test('[L1] a payload round-trips through sealing and TXT', () => {
    const text = encodeTxt(seal(key, encodePayload(self)))
    const box = decodeTxt(Buffer.from(text))
    expect(box && decodePayload(open(key, box) ?? new Uint8Array())).toEqual(self)
  })

  test('[L3] garbage in any record never throws', () => {
    const value = fc.oneof(
      fc.string(),
      fc.uint8Array(),
      fc.array(fc.oneof(fc.string(), fc.uint8Array(), fc.anything())),
      fc.anything(),
    )
    const name = fc.oneof(fc.constant(SERVICE), fc.constant(`x.${SERVICE}`), fc.anything())
    const type = fc.oneof(fc.constantFrom('PTR', 'TXT', 'A'), fc.anything())
    const data = fc.oneof(fc.constant(`x.${SERVICE}`), fc.constant(['e=AAAA', 'e=']), value)
    fc.assert(
      fc.property(
        fc.array(fc.record({ name, type, data, ttl: fc.anything() })),
        fc.uint8Array({ maxLength: 80 }),
        (records, plain) => {
          for (const service of readServices(records)) for (const box of service.boxes) open(key, box)
          decodePayload(plain)
        },
      ),
    )
  })
})

describe('silence', () => {
  test('[L1] without internet a failing dial asks the given address alone; with it, the nodes that the address names as well', async () => {
    const host = '127.0.0.1'
    const neighbour = new HyperDHT({ bootstrap: [], host, port: [0, 0] })
    await neighbour.bind()
    const asked = async (internet: boolean) => {
      const address = { host, port: neighbour.localAddress()?.port ?? 0 }
      let ended = false
      const dht = new LanDht({
        bootstrap: [],
        internet,
        publicKey: keyPairOf('alice').publicKey,
        host,
        port: undefined,
        now: Date.now,
        admit: () => false,
        addressFor: () => address,
        dialEnded: () => (ended = true),
      })
      await dht.bind()
      dht.connect(keyPairOf('somebody else').publicKey, { keyPair: keyPairOf('alice') })
      await until('the end of the dial', () => ended)
      const { total } = dht.stats.requests
      await dht.destroy({ force: true })
      return total
    }
    expect(await asked(false)).toBe(1)
    expect(await asked(true)).toBeGreaterThan(1)
    await neighbour.destroy({ force: true })
  })
})
