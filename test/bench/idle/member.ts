// A data folder for the app, as one device of a simulated circle whose keys all follow from a seed.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crypto, keyPairFromSeed, signer } from '../../../main/identity/sodium'
import { toHex, utf8 } from '../../../main/protocol/codec'
import { circleBeaconKey } from '../../../main/protocol/invite'
import { simulatedCircle } from '../../../main/simulator/circle'
import { writeCircle } from '../../../main/store/circle-file'
import { openFolder } from '../../../main/store/files'

const keys = {
  crypto,
  pairOf(seed: Uint8Array) {
    const pair = keyPairFromSeed(seed)
    return { publicKey: pair.publicKey, sign: signer(pair) }
  },
}

/** `index`: whose folder it is. The circle's beacon key, hex. */
export function memberFolder(dir: string, circleSize: number, seed: number, index: number): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const files = openFolder(dir)
  const { list, records, people } = simulatedCircle(keys, circleSize, seed, 0)
  const person = people[index]!
  const secretOf = (what: string) => crypto.hash(utf8(`simulation ${seed} ${what} ${index}`))
  const sealed = Buffer.concat([secretOf('root'), secretOf('device')]).toString('base64')
  const { device } = person
  const { member } = list.devices.get(device.key)!
  const { name } = list.members.get(member)!
  writeFileSync(
    join(dir, 'keys.json'),
    JSON.stringify({
      version: 1,
      name,
      member,
      device: device.key,
      restored: false,
      confirmed: true,
      keptBy: 'file',
      sealed,
    }),
    { mode: 0o600 },
  )
  const secret = crypto.hash(utf8(`bench secret ${seed}`))
  writeCircle(files, {
    version: 1,
    genesis: toHex(list.genesis.bytes),
    epochs: records.map((record) => toHex(record.bytes)),
    secrets: [toHex(secret)],
    invites: [],
    wants: [],
    provisional: false,
    mustCatchUp: false,
  })
  return toHex(circleBeaconKey(crypto, secret))
}
