// Rules L1-L3 and C1's back-pressure with real sockets, on loopback only: beacons, links, the firewall, manual addresses, the DHT.
// Each test has a circle of its own, so that tests and other programs on this machine do not see each other.
import { randomBytes, randomUUID } from 'node:crypto'
import HyperDHT, { type SecretStream } from 'hyperdht'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeGreeting, GREETING_BYTES } from '../../main/net/framing'
import { FRAME_BYTES_MAX, parseHostPort, type NetworkOptions } from '../../main/net/network'
import { deviceOf, keyPairOf, open, Peer, until } from './peers'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()))
})

/** Names that no other test uses, with the bigger keys first: the first one dials at once. */
function names(...wanted: string[]): string[] {
  const id = randomUUID()
  return wanted.map((name) => `${name} ${id}`).toSorted((a, b) => (deviceOf(a) < deviceOf(b) ? 1 : -1))
}

function peer(name: string, members: string[], circle: string, options: Partial<NetworkOptions> = {}): Peer {
  const made = new Peer(name, members, circle, options)
  cleanups.push(() => made.network.stop())
  return made
}

const linked = (a: Peer, b: Peer) =>
  until(`${a.name} and ${b.name} linked`, () => Boolean(a.linkTo(b.name) && b.linkTo(a.name)))

/** A bare hyperdht node that dials as `name` without any of our manners. */
async function intruder(name: string, target: Peer) {
  const dht = new HyperDHT({ bootstrap: [], host: '127.0.0.1', port: [0, 0] })
  cleanups.push(() => dht.destroy({ force: true }))
  await dht.bind()
  const stream: SecretStream = dht.connect(keyPairOf(target.name).publicKey, {
    keyPair: keyPairOf(name),
    relayAddresses: [target.address()],
  })
  const seen = { bytes: 0, opened: false, closed: false }
  stream.on('error', () => {})
  stream.on('data', (chunk) => (seen.bytes += chunk.length))
  stream.once('open', () => (seen.opened = true))
  stream.once('close', () => (seen.closed = true))
  return { stream, seen }
}

describe('finding each other', () => {
  test('[L1] three devices find each other by beacon and exchange frames', async () => {
    const [a, b, c] = names('alice', 'bob', 'carol') as [string, string, string]
    const all = [a, b, c]
    const peers = all.map((name) => peer(name, all, a))
    const [alice, bob, carol] = peers as [Peer, Peer, Peer]
    const startedAt = Date.now()
    await Promise.all(peers.map((each) => each.start(all)))
    await Promise.all([linked(alice, bob), linked(alice, carol), linked(bob, carol)])
    console.log(`three peers, complete after ${Date.now() - startedAt} ms`)
    expect(Date.now() - startedAt).toBeLessThan(5_000)

    const big = randomBytes(FRAME_BYTES_MAX)
    alice.linkTo(b)?.send(Buffer.from('hello'))
    alice.linkTo(b)?.send(big)
    await until('both frames', () => bob.frames.length === 2)
    expect(bob.frames.map(({ from }) => from)).toEqual([alice.device, alice.device])
    expect(Buffer.from(bob.frames[0]?.frame ?? []).toString()).toBe('hello')
    expect(big.equals(bob.frames[1]?.frame ?? Buffer.alloc(0))).toBe(true)
    expect(bob.linkTo(a)?.stats).toMatchObject({ framesIn: 2, bytesIn: GREETING_BYTES + 4 + 5 + 4 + big.length })
    expect(bob.linkTo(a)).toMatchObject({ path: 'loopback', initiator: false })
    expect(alice.network.status()).toMatchObject({ listening: true, links: 2, pendingDials: [] })
    expect(
      alice.network
        .status()
        .lanPeers.map(({ device }) => device)
        .toSorted(),
    ).toEqual([bob.device, carol.device].toSorted())
  })

  test('[L1] a beacon that says the same as before is known by its bytes, and not opened again', async () => {
    const all = names('alice', 'bob') as [string, string]
    const boxes: string[] = []
    const noting = (key: Uint8Array, box: Uint8Array) => {
      const plain = open(key, box)
      if (plain) boxes.push(Buffer.from(box).toString('hex'))
      return plain
    }
    const bob = await peer(all[1], all, all[0], { open: noting }).start(all)
    const alice = await peer(all[0], all, all[0]).start(all)
    await linked(alice, bob)
    await until('three beacons', () => bob.network.status().counters.beaconsHeard >= 3)
    expect(new Set(boxes).size).toBe(1)
    expect(boxes.length).toBeLessThan(bob.network.status().counters.beaconsHeard)
    expect(bob.network.status().lanPeers.map(({ device }) => device)).toEqual([alice.device])
  })

  test('[L1] links do not flap: after ten devices met, each pair has had one link', async () => {
    const all = names(...Array.from({ length: 10 }, (_, i) => `peer${i}`))
    const peers = all.map((name) => peer(name, all, all[0] ?? ''))
    const startedAt = Date.now()
    await Promise.all(peers.map((each) => each.start(all)))
    await until('45 links', () => peers.every((each) => each.network.status().links === 9))
    console.log(`ten peers, full mesh after ${Date.now() - startedAt} ms`)
    for (const each of peers) expect(each.opened.length - each.closed.length).toBe(9)
    expect(peers.reduce((sum, each) => sum + each.closed.length, 0)).toBe(0)
  })

  test('[L1] a device that vanished and comes back with the same key is linked again at once', async () => {
    const all = names('alice', 'bob') as [string, string]
    for (const [stays, returns] of [all, all.toReversed()] as [string, string][]) {
      const circle = randomUUID()
      const alice = await peer(stays, all, circle).start(all)
      // The earlier run: greets, and is never heard of again, as after kill -9.
      const { stream } = await intruder(returns, alice)
      stream.write(encodeGreeting(Date.now() - 60_000))
      await until('the first link', () => alice.opened.length === 1)
      const startedAt = Date.now()
      const bob = await peer(returns, all, circle).start(all)
      await linked(alice, bob)
      console.log(`same key again: linked after ${Date.now() - startedAt} ms, ${alice.closed[0]?.reason}`)
      expect(['PEER_RESTARTED', 'DUPLICATE']).toContain(alice.closed[0]?.reason)
      expect(alice.opened.length - alice.closed.length).toBe(1)
      await Promise.all([alice.network.stop(), bob.network.stop()])
    }
  })

  test('[L1] an orderly restart is linked again, and the old link ends with REMOTE_CLOSED', async () => {
    const all = names('alice', 'bob') as [string, string]
    const [alice, bob] = all.map((name) => peer(name, all, all[0])) as [Peer, Peer]
    await Promise.all([alice.start(all), bob.start(all)])
    await linked(alice, bob)
    const port = bob.network.status().port
    await bob.network.stop()
    await until('the end', () => alice.closed.length === 1)
    expect(alice.closed[0]?.reason).toBe('REMOTE_CLOSED')
    expect(bob.closed.map(({ reason }) => reason)).toEqual(['STOPPED'])
    await until('the goodbye', () => alice.network.status().lanPeers.length === 0)

    const again = await peer(bob.name, all, all[0], { preferredPort: port }).start(all)
    const startedAt = Date.now()
    await linked(alice, again)
    console.log(`orderly restart: linked after ${Date.now() - startedAt} ms`)
    expect(again.network.status().port).toBe(port)
  })

  test('[L1] a manual address works where no beacon is heard, whichever side knows it', async () => {
    const all = names('alice', 'bob') as [string, string]
    for (const [knows, known] of [all, all.toReversed()] as [string, string][]) {
      const quiet = { lan: false }
      const bob = await peer(known, all, 'none', quiet).start(all)
      const alice = await peer(knows, all, 'none', quiet).start(all)
      expect(alice.network.status().pendingDials).toMatchObject([{ device: bob.device, viaLan: false, attempts: 0 }])
      const startedAt = Date.now()
      alice.network.addAddress('localhost', bob.network.status().port)
      await linked(alice, bob)
      console.log(`manual address: linked after ${Date.now() - startedAt} ms`)
      await Promise.all([alice.network.stop(), bob.network.stop()])
    }
  })

  test('[L1] a wrong device and a dead port at manual addresses do no harm', async () => {
    const all = names('alice', 'bob', 'carol') as [string, string, string]
    const quiet = { lan: false }
    const [alice, bob, carol] = all.map((name) => peer(name, all, 'none', quiet)) as [Peer, Peer, Peer]
    await Promise.all([bob.start(), carol.start(), alice.start([bob.name])])
    alice.network.addAddress('127.0.0.1', carol.network.status().port)
    alice.network.addAddress('127.0.0.1', bob.network.status().port)
    await linked(alice, bob)
    expect(carol.opened).toEqual([])
  })

  test('[L1] a taken preferred port is reported, and another one used', async () => {
    const all = names('alice', 'bob') as [string, string]
    const [a, b] = all
    const alice = await peer(a, all, a).start(all)
    const { port } = alice.network.status()
    const bob = await peer(b, all, a, { preferredPort: port }).start(all)
    expect(bob.problems).toContainEqual({ code: 'PORT_IN_USE', detail: String(port) })
    await linked(alice, bob)
  })

  test('[L2] an announced topic is found over the DHT by a device that knows nothing else', async () => {
    const bootstrap = await localDht()
    const all = names('inviter', 'joiner') as [string, string]
    const overDht = { lan: false, internet: true, bootstrap }
    const [inviter, joiner] = all.map((name) => peer(name, all, 'none', overDht)) as [Peer, Peer]
    await Promise.all([inviter.start(), joiner.start()])
    await until('the DHT', () => inviter.network.status().internet && joiner.network.status().internet)
    const topic = randomBytes(32)
    const startedAt = Date.now()
    inviter.network.lookup(topic, 'announce')
    const stop = joiner.network.lookup(topic, 'find')
    await until('the link', () => Boolean(joiner.linkTo(inviter.name)), 25_000)
    console.log(`topic: linked after ${Date.now() - startedAt} ms`)
    stop()
  }, 30_000)

  test('[L2] wanted devices find each other by key over the DHT; [L3] a key found is not dialled if it may not connect', async () => {
    const bootstrap = await localDht()
    const all = names('alice', 'bob', 'mallory') as [string, string, string]
    const overDht = { lan: false, internet: true, bootstrap }
    const [alice, bob, mallory] = all.map((name) => peer(name, all, 'none', overDht)) as [Peer, Peer, Peer]
    alice.members.delete(mallory.device)
    const topic = randomBytes(32)
    const startedAt = Date.now()
    await Promise.all([alice.start([bob.name]), bob.start([alice.name]), mallory.start()])
    await until('the DHT', () => mallory.network.status().internet)
    mallory.network.lookup(topic, 'announce')
    alice.network.lookup(topic, 'find')
    await until('alice and bob', () => Boolean(alice.linkTo(bob.name)), 25_000)
    console.log(`by key over the DHT: linked after ${Date.now() - startedAt} ms`)
    expect(alice.linkTo(mallory.name)).toBeUndefined()
    expect(mallory.opened).toEqual([])
  }, 30_000)
})

describe('the wall', () => {
  test('[L3] a stranger is refused, gets no byte, and may become a member later', async () => {
    const [a, b] = names('alice', 'stranger') as [string, string]
    const alice = await peer(a, [], a).start()
    const { seen } = await intruder(b, alice)
    await until('the refusal', () => alice.refused.length > 0)
    await until('the end of the attempt', () => seen.closed)
    expect(seen).toEqual({ bytes: 0, opened: false, closed: true })
    expect(alice.refused).toContain(deviceOf(b))
    expect(alice.network.status().strangersRefused).toBeGreaterThan(0)
    expect(alice.opened).toEqual([])

    alice.members.add(deviceOf(b))
    const member = await peer(b, [a], a).start([a])
    await linked(alice, member)
  }, 15_000)

  test('[L3] a device that hears the beacon with another circle key does not show up', async () => {
    const all = names('alice', 'bob', 'eve') as [string, string, string]
    const [a, b, e] = all
    const alice = peer(a, all, 'circle one')
    const bob = peer(b, all, 'circle one')
    const eve = peer(e, all, 'circle two')
    await Promise.all([alice.start(all), bob.start(all), eve.start(all)])
    await linked(alice, bob)
    await until('packets of eve', () => alice.network.status().counters.beaconsForeign > 0)
    expect(alice.network.status().lanPeers.map(({ device }) => device)).toEqual([bob.device])
    expect(eve.opened).toEqual([])
  })

  test('[L3] wrong first bytes end the connection, and no link is shown', async () => {
    const [a, b] = names('alice', 'bob') as [string, string]
    const alice = await peer(a, [b], a).start()
    const { stream, seen } = await intruder(b, alice)
    stream.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await until('the end', () => seen.closed)
    expect(alice.problems).toEqual([{ code: 'GREETING_INVALID', detail: deviceOf(b) }])
    expect(alice.opened).toEqual([])
  })

  test('[L4] a newer wire version is told apart from garbage', async () => {
    const [a, b] = names('alice', 'bob') as [string, string]
    const alice = await peer(a, [b], a).start()
    const { stream, seen } = await intruder(b, alice)
    const greeting = Buffer.from(encodeGreeting(1))
    greeting[7] = 9
    stream.write(greeting)
    await until('the end', () => seen.closed)
    expect(alice.problems).toEqual([{ code: 'VERSION_UNSUPPORTED', detail: deviceOf(b) }])
  })

  test('[L1] a connection that says nothing is half open: it ends after four seconds, and no link is shown', async () => {
    const [a, b] = names('alice', 'bob') as [string, string]
    const alice = await peer(a, [b], a).start()
    const { seen } = await intruder(b, alice)
    await until('the end', () => seen.closed)
    expect(alice.problems).toEqual([{ code: 'HALF_OPEN', detail: deviceOf(b) }])
    expect(alice.opened).toEqual([])
    expect(alice.network.status().counters.halfOpen).toBe(1)
  }, 15_000)

  test.for([0, FRAME_BYTES_MAX + 1])('[L3] a frame of %d bytes ends the link, and is reported', async (length) => {
    const [a, b] = names('alice', 'bob') as [string, string]
    const alice = await peer(a, [b], a).start()
    const { stream, seen } = await intruder(b, alice)
    const head = Buffer.alloc(4)
    head.writeUInt32LE(length)
    stream.write(Buffer.concat([encodeGreeting(1), head]))
    await until('the end', () => seen.closed)
    expect(alice.closed.map(({ reason }) => reason)).toEqual(['FRAME_OVERSIZED'])
    expect(alice.problems).toEqual([{ code: 'FRAME_OVERSIZED', detail: deviceOf(b) }])
    expect(alice.frames).toEqual([])
  })

  test('[L3] drop() cuts before it returns, and a removed member stays out', async () => {
    const all = names('alice', 'bob') as [string, string]
    const [alice, bob] = all.map((name) => peer(name, all, all[0])) as [Peer, Peer]
    await Promise.all([alice.start(all), bob.start(all)])
    await linked(alice, bob)
    alice.members.delete(bob.device)
    alice.network.drop(bob.device, 'KEY_REMOVED')
    expect(alice.closed.map(({ reason }) => reason)).toEqual(['KEY_REMOVED'])
    await until('bob to notice and to try again', () => bob.closed.length === 1 && alice.refused.includes(bob.device))
    await until('bob to give up once', () => bob.network.status().pendingDials[0]?.lastError === 'PEER_NOT_FOUND')
    expect(alice.opened).toHaveLength(1)
    expect(bob.opened).toHaveLength(1)
    expect(alice.network.status().pendingDials).toEqual([])
  }, 15_000)

  test('[L3] a second instance of a key replaces the first one, events stay paired', async () => {
    const all = names('alice', 'bob') as [string, string]
    const alice = await peer(all[0], all, all[0]).start()
    const one = await intruder(all[1], alice)
    one.stream.write(encodeGreeting(1))
    await until('the first link', () => alice.opened.length === 1)
    const two = await intruder(all[1], alice)
    two.stream.write(encodeGreeting(2))
    await until('the second link', () => alice.opened.length === 2)
    expect(alice.closed.map(({ link, reason }) => [link === alice.opened[0], reason])).toEqual([[true, 'DUPLICATE']])
    expect(alice.network.status().links).toBe(1)
  })
})

describe('sending', () => {
  test('[C1] send() says when to wait, drain says when to go on, and nothing is lost', async () => {
    const all = names('alice', 'bob') as [string, string]
    const [alice, bob] = all.map((name) => peer(name, all, all[0])) as [Peer, Peer]
    await Promise.all([alice.start(all), bob.start(all)])
    await linked(alice, bob)
    const frame = Buffer.alloc(FRAME_BYTES_MAX, 1)
    const link = alice.linkTo(bob.name)
    const startedAt = Date.now()
    let waits = 0
    for (let i = 0; i < 32; i++) {
      frame.writeUInt32LE(i)
      const drains = alice.drains
      if (link?.send(frame)) continue
      waits++
      await until('drain', () => alice.drains > drains)
    }
    await until('all frames', () => bob.frames.length === 32)
    const ms = Date.now() - startedAt
    console.log(`32 MiB with back-pressure: ${ms} ms, ${Math.round(32_000 / ms)} MiB/s`)
    expect(waits).toBeGreaterThan(0)
    expect(bob.frames.map((got) => Buffer.from(got.frame).readUInt32LE())).toEqual(
      Array.from({ length: 32 }, (_, i) => i),
    )
    expect(link?.stats.framesOut).toBe(32)
  }, 30_000)

  test('[C1] a sender that ignores back-pressure loses the link, not the memory', async () => {
    const all = names('alice', 'bob') as [string, string]
    const [alice, bob] = all.map((name) => peer(name, all, all[0])) as [Peer, Peer]
    await Promise.all([alice.start(all), bob.start(all)])
    await linked(alice, bob)
    const frame = Buffer.alloc(FRAME_BYTES_MAX)
    for (let i = 0; i < 40 && alice.closed.length === 0; i++) alice.linkTo(bob.name)?.send(frame)
    expect(alice.closed.map(({ reason }) => reason)).toEqual(['SEND_QUEUE_FULL'])
  })

  test('[C1] close() lets queued frames leave, and says so to the other side', async () => {
    const all = names('alice', 'bob') as [string, string]
    const [alice, bob] = all.map((name) => peer(name, all, all[0])) as [Peer, Peer]
    await Promise.all([alice.start(all), bob.start()])
    await linked(alice, bob)
    const link = alice.linkTo(bob.name)
    alice.network.want([])
    link?.send(Buffer.from('goodbye'))
    link?.close('DONE')
    expect(alice.closed.map(({ reason }) => reason)).toEqual(['DONE'])
    await until('the end', () => bob.closed.length === 1)
    expect(bob.closed[0]?.reason).toBe('REMOTE_CLOSED')
    expect(bob.frames.map(({ frame }) => Buffer.from(frame).toString())).toEqual(['goodbye'])
  })
})

describe('the end', () => {
  test('[L1] stop() is quick and final, online and with a dead DHT', async () => {
    const all = names('alice', 'bob') as [string, string]
    const [alice, bob] = all.map((name) => peer(name, all, all[0])) as [Peer, Peer]
    const deadDht = peer(names('carol')[0] ?? '', all, all[0], {
      internet: true,
      bootstrap: [{ host: '127.0.0.1', port: 9 }],
    })
    await Promise.all([alice.start(all), bob.start(all), deadDht.start()])
    await linked(alice, bob)
    const startedAt = Date.now()
    await Promise.all([alice.network.stop(), bob.network.stop(), deadDht.network.stop()])
    console.log(`stop: ${Date.now() - startedAt} ms`)
    expect(Date.now() - startedAt).toBeLessThan(3_000)
    expect(alice.opened).toHaveLength(alice.closed.length)
    alice.network.want(all.map(deviceOf))
    alice.network.refresh()
    expect(alice.network.status()).toMatchObject({ listening: false, links: 0 })
  })

  test('[L1] stop() without start() ends too', async () => {
    const [a] = names('alice') as [string]
    const alice = peer(a, [], a)
    await alice.network.stop()
    expect(alice.network.status().listening).toBe(false)
  })
})

describe('addresses', () => {
  test('[L1] host:port as people type it', () => {
    expect(parseHostPort(' 192.168.1.20:49737 ')).toEqual({ ok: true, host: '192.168.1.20', port: 49737 })
    expect(parseHostPort('Alices-PC.local:5000')).toEqual({ ok: true, host: 'alices-pc.local', port: 5000 })
    const wrong = [
      '',
      '192.168.1.20',
      '192.168.1:80',
      '300.1.1.1:80',
      'a b:80',
      'host:0',
      'host:65536',
      ':80',
      '[::1]:80',
      'http://a:80',
      '-a:1',
    ]
    for (const text of wrong) expect(parseHostPort(text), text).toEqual({ ok: false, code: 'ADDRESS_INVALID' })
  })
})

/** A DHT of our own on loopback: nobody outside is asked. */
async function localDht(): Promise<{ host: string; port: number }[]> {
  const host = '127.0.0.1'
  // hyperdht wants a fixed port here: an ordinary node finds one that is free.
  const probe = new HyperDHT({ bootstrap: [], host, port: [0, 0] })
  await probe.bind()
  const port = probe.localAddress()?.port ?? 0
  await probe.destroy({ force: true })
  const first = HyperDHT.bootstrapper(port, host, { host })
  cleanups.push(() => first.destroy({ force: true }))
  await first.fullyBootstrapped()
  const bootstrap = [{ host, port }]
  for (let i = 0; i < 2; i++) {
    const node = new HyperDHT({ bootstrap, host, port: [0, 0], ephemeral: false, firewalled: false })
    cleanups.push(() => node.destroy({ force: true }))
    await node.fullyBootstrapped()
  }
  return bootstrap
}
