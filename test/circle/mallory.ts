// A member who joined by the rules and now speaks through a program of his own: real sockets, real keys, no rules.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Running } from '../../main/assemble'
import { crypto, keyPairFromSeed, open, seal, signer, type KeyPair } from '../../main/identity/sodium'
import { Network } from '../../main/net/network'
import type { Link } from '../../main/net/types'
import { fromHex, toHex } from '../../main/protocol/codec'
import type { Sign } from '../../main/protocol/crypto'
import { circleBeaconKey } from '../../main/protocol/invite'
import { decodeEpoch } from '../../main/protocol/epoch-record'
import { encodeMessage, PROTOCOL_VERSION } from '../../main/protocol/messages'
import type { DeviceKey, EpochId, MemberKey } from '../../shared/types'
import { newBackend } from '../support/backend'
import { waitFor } from '../support/wait'

export interface Mallory {
  member: MemberKey
  device: DeviceKey
  sign: Sign
  keyPair: KeyPair
  network: Network
  epochId: EpochId
  /** The link that there is now. */
  link(): Link | null
  /** A link with a peer, greeted and with his hello. */
  connect(to: DeviceKey): Promise<Link>
}

/** A network of one's own that knows no firewall; it hears the circle's beacon. */
export const lawless = (keys: KeyPair, beaconKey: Uint8Array): Network =>
  new Network({
    keyPair: keys,
    mayConnect: () => true,
    beaconKeys: () => ({ announce: [beaconKey], open: [beaconKey] }),
    seal,
    open,
    lan: true,
    internet: false,
    host: '127.0.0.1',
    loopbackBeacon: true,
  })

/** Joins the circle of `inviter` as Mallory does it who still means well, then takes the keys out of the folder. */
export async function joinAsMallory(inviter: Running): Promise<{ mallory: Mallory; beaconKey: Uint8Array }> {
  const folder = mkdtempSync(join(tmpdir(), 'twofold-mallory-'))
  const honest = await newBackend(folder, 'Mallory')
  const { link: invite } = await inviter.backend.handlers['invite.create']({ hours: 1, uses: 1 })
  await honest.backend.handlers['circle.join']({ link: invite })
  await waitFor('Mallory to be in', async () => {
    const { phase, circle } = await honest.backend.handlers['state.get']({})
    return phase.phase === 'circle' && circle?.standing === 'member'
  })
  await honest.close()
  const keys = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as { member: MemberKey; sealed: string }
  const file = JSON.parse(readFileSync(join(folder, 'circle.json'), 'utf8')) as { epochs: string[]; secrets: string[] }
  rmSync(folder, { recursive: true, force: true })
  const pair = keyPairFromSeed(Uint8Array.from(Buffer.from(keys.sealed, 'base64').subarray(32)))
  const epochId = decodeEpoch(crypto, fromHex(file.epochs.at(-1)!))!.id
  const beaconKey = circleBeaconKey(crypto, fromHex(file.secrets[0]!))
  const network = lawless(pair, beaconKey)
  let started: Promise<void> | undefined
  let current: Link | undefined
  network.on('link', (link) => (current = link))
  network.on('linkClosed', (link) => (current = current === link ? undefined : current))
  const hello = { type: 'hello', version: PROTOCOL_VERSION, epoch: file.epochs.length, epochId, app: 'rogue' } as const
  network.on('link', (link) => link.send(encodeMessage(hello)))
  const connect = async (to: DeviceKey): Promise<Link> => {
    await (started ??= network.start())
    network.want([to])
    await waitFor('a link', () => {
      if (!current) network.dial(to)
      return current !== undefined
    })
    return current!
  }
  const device = toHex(pair.publicKey) as DeviceKey
  return {
    mallory: {
      member: keys.member,
      device,
      sign: signer(pair),
      keyPair: pair,
      network,
      epochId,
      connect,
      link: () => current ?? null,
    },
    beaconKey,
  }
}
