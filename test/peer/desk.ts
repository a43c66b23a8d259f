// A member's desk and a newcomer, back to back: both sides of joining over a pair of links without sockets.
// Frames wait until the test lets them through, so it can lose them, forge them, and look at what has been told so far.
import { afterEach, expect, vi } from 'vitest'
import { Joining, readInvitation, type Joined } from '../../main/peer/joining'
import { ListKeeper } from '../../main/peer/list-keeper'
import type { CertifiedDevice, Identity, Link, NetworkConfig, NetworkEvents, NetworkPort } from '../../main/peer/ports'
import { toHex } from '../../main/protocol/codec'
import { decodeLink, inviteSlotSeed } from '../../main/protocol/invite'
import {
  decodeJoin,
  encodeJoin,
  joinProofMessage,
  ticketMessage,
  type JoinMessage,
  type JoinRequest,
} from '../../main/protocol/join-messages'
import type { Approval } from '../../main/protocol/genesis'
import { deviceMessage, foundedList, type Change } from '../../main/protocol/membership'
import { type ErrorCode } from '../../shared/errors'
import type { DeviceKey, InviteCode } from '../../shared/types'
import { crypto, foundingRecord, makePerson, recordOf, type Device, type Person } from '../support/people'
import { secrets } from '../../main/identity/secrets'
import { Table, type Seat } from './council'
import { circleFile, identityOf, memoryFiles, type Clock } from './parts'

const ben = makePerson('Ben')
export const refusedAs = (code: ErrorCode) => expect.objectContaining({ code }) as Error

// -------------------------------------------------------------- the world between the two

export interface End extends Link {
  /** What it was given to send, whether or not it went through. */
  sent: Uint8Array[]
  closedWith: string | null
}
/** Frames under way, oldest first. */
let underWay: (() => void)[] = []
/** What is under way never arrives. */
export const loseFrames = (): void => void (underWay = [])
/** The next so many frames arrive. */
export function letThrough(frames = Infinity): void {
  for (let i = 0; i < frames; i++) {
    const next = underWay.shift()
    if (!next) return
    next()
  }
}
export function endOf(remote: DeviceKey, arrive: (bytes: Uint8Array) => void, onClose: () => void): End {
  const end: End = {
    remote,
    path: 'loopback',
    address: { host: '127.0.0.1', port: 1 },
    openedAt: 0,
    remoteRun: 1,
    stats: { bytesIn: 0, bytesOut: 0, lastReceivedAt: 0 },
    sent: [],
    closedWith: null,
    send(frame) {
      end.sent.push(frame)
      underWay.push(() => arrive(frame))
      return true
    },
    pause: () => undefined,
    resume: () => undefined,
    close(code) {
      end.closedWith ??= code
      onClose()
    },
  }
  return end
}
export const messages = (end: End) => end.sent.map((frame) => decodeJoin(frame)!)

export class FakeNetwork implements NetworkPort {
  readonly wanted: DeviceKey[] = []
  readonly addresses: string[] = []
  readonly links = new Set<End>()
  stopped = false
  private readonly listeners: { [K in keyof NetworkEvents]?: NetworkEvents[K][] } = {}
  constructor(readonly config: NetworkConfig) {}
  on<K extends keyof NetworkEvents>(name: K, listener: NetworkEvents[K]) {
    ;((this.listeners[name] ??= []) as NetworkEvents[K][]).push(listener)
  }
  emit<K extends keyof NetworkEvents>(name: K, ...args: Parameters<NetworkEvents[K]>) {
    for (const listener of this.listeners[name] ?? [])
      (listener as (...a: Parameters<NetworkEvents[K]>) => void)(...args)
  }
  start = () => Promise.resolve()
  want(devices: DeviceKey[]) {
    this.wanted.push(...devices)
  }
  dial = () => undefined
  drop = () => undefined
  addAddress(host: string, port: number) {
    this.addresses.push(`${host}:${port}`)
  }
  removeAddress = () => undefined
  lookup = () => () => undefined
  status = () => ({
    listening: true,
    port: 1,
    localAddresses: [],
    internet: false,
    interfaces: ['lo'],
    lanPeers: [],
    pendingDials: [],
    strangersRefused: 0,
  })
  refresh = () => undefined
  stop() {
    this.stopped = true
    for (const link of [...this.links]) link.close('STOPPED')
    return Promise.resolve()
  }
}

// -------------------------------------------------------------- the admin's side

/** The admin's seat, and who sits there. */
export type Desk = Seat & { clock: Clock; announced: Set<string>; person: Person }
export function deskOf(person: Person, options: { approval?: Approval; name?: string } = {}): Desk {
  const { approval = 'auto', name = 'Lab' } = options
  const table = new Table(foundedList(foundingRecord(person, name, approval)), [])
  table.addresses = [{ host: '192.168.1.20', port: 4000 }]
  return Object.assign(table.seat(person), { clock: table.clock, announced: table.announced, person })
}
/** A change of the list that the founder has made. */
export function commit(desk: Desk, change: Change): void {
  expect(desk.keeper.accept([recordOf(desk.keeper.list, [change], [desk.person.device]).bytes])).toBeNull()
}
export const used = (desk: Desk) => desk.admission.views().map((invite) => invite.used)

// -------------------------------------------------------------- the newcomer's side

/** The identity of a device that has no root key. */
export function certifiedIdentity({ name, member, seed, circle, certificate }: CertifiedDevice): Identity {
  const deviceKeys = secrets.keyPairFromSeed(seed)
  return {
    name,
    member,
    device: toHex(deviceKeys.publicKey) as DeviceKey,
    restored: true,
    confirmed: true,
    keptBy: 'file',
    signAsDevice: (message) => secrets.sign(deviceKeys, message),
    signAsMember: null,
    certificate(wanted) {
      expect(wanted).toBe(circle)
      return certificate
    },
    deviceKeys,
    words: () => [],
  }
}

export interface Guest {
  joining: Joining
  networks: FakeNetwork[]
  readonly network: FakeNetwork
  joined: Joined | null
  failed: ErrorCode | null
  /** What another device of the member has certified. */
  certified: CertifiedDevice | null
  /** Fulfilled when joining is over. */
  over: Promise<void>
}
export const guests: Guest[] = []
afterEach(async () => {
  vi.useRealTimers()
  underWay = []
  for (const { joining } of guests.splice(0)) await joining.stop()
})

/** `person`: null, a device that another one has to certify. */
export async function newcomer(
  text: string,
  clock: Clock,
  person: Person | null = ben,
  device: Device | undefined = person?.device,
): Promise<Guest> {
  const parts = { secrets, now: () => clock.ms, log: () => undefined }
  const networks: FakeNetwork[] = []
  let end = () => {}
  const over = new Promise<void>((resolve) => (end = resolve))
  const guest: Guest = {
    joining: new Joining(readInvitation(parts, text), {
      parts: {
        ...parts,
        network: (config) => {
          const network = new FakeNetwork(config)
          networks.push(network)
          return network
        },
      },
      identity: person && identityOf(person, device),
      lan: true,
      internet: false,
      port: 0,
      changed: () => undefined,
      certified(certified) {
        guest.certified = certified
        return certifiedIdentity(certified)
      },
      joined(result) {
        guest.joined = result
        end()
      },
      failed(code) {
        guest.failed = code
        end()
      },
    }),
    networks,
    get network() {
      return networks.at(-1)!
    },
    joined: null,
    failed: null,
    certified: null,
    over,
  }
  guests.push(guest)
  await guest.joining.start()
  return guest
}
export const slotOf = (guest: Guest) => toHex(guest.network.config.keyPair.publicKey) as DeviceKey

/** The use of two that the newcomer did not draw. */
export const otherSlot = (guest: Guest, code: InviteCode): number =>
  [0, 1].find((slot) => slotKey(code, slot) !== slotOf(guest))!

/** The newcomer and the desk are linked, if both firewalls let them. */
export function meet(guest: Guest, desk: Desk): { guestEnd: End; deskEnd: End } | null {
  const { network } = guest
  const slot = slotOf(guest)
  if (!desk.admission.admits(slot) || !network.config.mayConnect(desk.person.device.key)) return null
  let open = true
  const close = () => {
    if (!open) return
    open = false
    network.links.delete(guestEnd)
    desk.admission.linkDown(deskEnd)
    network.emit('linkClosed', guestEnd, 'closed')
  }
  const deskEnd: End = endOf(slot, (frame) => open && network.emit('frame', guestEnd, frame), close)
  const guestEnd: End = endOf(desk.person.device.key, (frame) => open && desk.admission.frame(deskEnd, frame), close)
  network.links.add(guestEnd)
  desk.admission.linkUp(deskEnd)
  network.emit('link', guestEnd)
  return { guestEnd, deskEnd }
}
/** The newcomer is linked with somebody whom the test speaks for. */
export function meetStranger(guest: Guest, remote: DeviceKey) {
  const { network } = guest
  const end: End = endOf(
    remote,
    () => undefined,
    () => network.links.delete(end) && network.emit('linkClosed', end, 'closed'),
  )
  network.links.add(end)
  network.emit('link', end)
  return { end, say: (message: JoinMessage) => network.emit('frame', end, encodeJoin(message)) }
}

/** A program of the test's own at the desk, under the key of a use. */
export function rogue(desk: Desk, code: InviteCode, slot = 0) {
  const key = slotKey(code, slot)
  expect(desk.admission.admits(key)).toBe(true)
  const end = endOf(
    key,
    () => undefined,
    () => desk.admission.linkDown(end),
  )
  desk.admission.linkUp(end)
  const say = (frame: JoinMessage | Uint8Array): JoinMessage | undefined => {
    end.sent = []
    desk.admission.frame(end, frame instanceof Uint8Array ? frame : encodeJoin(frame))
    return messages(end).at(-1)
  }
  return { end, say }
}
export const secretOf = (code: InviteCode): Uint8Array => {
  const decoded = decodeLink(crypto, code.link)
  if (!decoded.ok) throw new Error(decoded.code)
  return decoded.link.secret
}
export const slotKey = (code: InviteCode, slot: number) =>
  toHex(secrets.keyPairFromSeed(inviteSlotSeed(crypto, secretOf(code), slot)).publicKey) as DeviceKey
export function requestOf(desk: Desk, code: InviteCode, person: Person, over: Partial<JoinRequest> = {}): JoinRequest {
  const { circle } = desk.keeper.list
  const bare = {
    member: person.member,
    name: person.name,
    device: person.device.key,
    certificate: person.sign(deviceMessage(circle, person.member, person.device.key)),
  }
  const slot = secrets.keyPairFromSeed(inviteSlotSeed(crypto, secretOf(code), 0))
  return {
    ...bare,
    proof: person.device.sign(joinProofMessage(crypto, circle, code.id, bare)),
    slot: slotKey(code, 0),
    ticket: secrets.sign(slot, ticketMessage(circle, code.id, person.device.key)),
    ...over,
  }
}
export const asked = (request: JoinRequest): JoinMessage => ({ type: 'join-request', ...request })

/** What the newcomer came out with makes a member of the circle's list of him. */
export function expectMember(guest: Guest, desk: Desk, person = ben, device = person.device): void {
  const { genesis, epochs, secret } = guest.joined!
  const file = { ...circleFile(desk.keeper.list), genesis: toHex(genesis), epochs: epochs.map(toHex) }
  const keeper = new ListKeeper(
    { secrets, files: memoryFiles(file) },
    identityOf(person, device),
    file,
    () => undefined,
  )
  expect(keeper.current).toBe(true)
  expect(keeper.list).toEqual(desk.keeper.list)
  expect(secret).toEqual(desk.keeper.secrets[0])
}
