// The hostile member's own process: his keys, sockets of his own, no rule of ours. Told by the bench whom to attack and how; he
// comes back as often as he is cut off.
import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import HyperDHT, { type SecretStream } from 'hyperdht'
import { crypto, keyPairFromSeed } from '../../../main/identity/sodium'
import { encodeFrame, encodeGreeting } from '../../../main/net/framing'
import { fromHex, toHex } from '../../../main/protocol/codec'
import { decodeEpoch } from '../../../main/protocol/epoch-record'
import { decodeGenesis } from '../../../main/protocol/genesis'
import { foundedList } from '../../../main/protocol/membership'
import { encodeMessage, PROTOCOL_VERSION } from '../../../main/protocol/messages'
import type { DeviceKey } from '../../../shared/types'
import { ATTACKS, type Attack, type Knows } from './attacks'

export interface Victim {
  device: DeviceKey
  port: number
}
/** Whom he attacks, and by which of the attacks; or that he leaves everybody alone. */
export type Order = { attack: number; victims: Victim[]; author: DeviceKey } | { rest: true }
/** So many links are open; he begins now. */
export type Said = { open: number }

/** Between two attempts to come back. */
const REDIAL_MS = 250
const HOST = '127.0.0.1'

export function runMallory(dir: string): void {
  // He is on another machine: what he spends is not theirs.
  setPriority(19)
  const keys = JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8')) as { sealed: string }
  const file = JSON.parse(readFileSync(join(dir, 'circle.json'), 'utf8')) as { genesis: string; epochs: string[] }
  const pair = keyPairFromSeed(Uint8Array.from(Buffer.from(keys.sealed, 'base64').subarray(32)))
  const keyPair = { publicKey: Buffer.from(pair.publicKey), secretKey: Buffer.from(pair.secretKey) }
  const { circle } = foundedList(decodeGenesis(crypto, fromHex(file.genesis))!)
  const epochId = decodeEpoch(crypto, fromHex(file.epochs.at(-1)!))!.id
  const hello = encodeFrame(
    encodeMessage({ type: 'hello', version: PROTOCOL_VERSION, epoch: file.epochs.length, epochId, app: 'rogue' }),
  )
  const dht = new HyperDHT({ bootstrap: [], host: HOST })
  let round = 0

  function visit(victim: Victim, attack: Attack, knows: Knows, mine: number, opened: () => void): void {
    if (mine !== round) return
    const stream: SecretStream = dht.connect(Buffer.from(victim.device, 'hex'), {
      keyPair,
      relayAddresses: [{ host: HOST, port: victim.port }],
    })
    stream.on('error', () => undefined)
    stream.once('close', () => setTimeout(() => visit(victim, attack, knows, mine, opened), REDIAL_MS))
    stream.once('open', () => {
      if (attack.reads) stream.on('data', () => undefined)
      stream.write(encodeGreeting(Date.now()))
      stream.write(hello)
      for (const bytes of attack.first?.(knows) ?? []) stream.write(bytes)
      opened()
      const flood = attack.flood?.(knows) ?? []
      let at = 0
      const pour = () => {
        while (mine === round && !stream.destroyed && flood.length)
          if (!stream.write(flood[at++ % flood.length]!)) {
            stream.once('drain', () => setImmediate(pour))
            return
          }
      }
      pour()
      const drip = attack.trickleMs && setInterval(() => stream.write(Uint8Array.of(0)), attack.trickleMs)
      const leave = setInterval(() => mine !== round && stream.destroy(), REDIAL_MS)
      stream.once('close', () => {
        clearInterval(leave)
        if (drip) clearInterval(drip)
      })
    })
  }

  process.on('message', (order: Order) => {
    round++
    if ('rest' in order) return
    const attack = ATTACKS[order.attack]!
    const knows: Knows = {
      circle,
      epoch: file.epochs.length,
      author: order.author,
      mallory: toHex(pair.publicKey) as DeviceKey,
    }
    let open = 0
    for (const victim of order.victims)
      visit(victim, attack, knows, round, () => {
        if (++open > order.victims.length) return
        process.send!({ open } satisfies Said)
        if (open === order.victims.length && attack.frozen === true)
          setTimeout(() => process.kill(process.pid, 'SIGSTOP'), REDIAL_MS)
      })
  })
  process.on('disconnect', () => process.exit(0))
}
