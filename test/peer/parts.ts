// The parts of a peer without windows and sockets: real crypto, a real store in a temporary folder, small files in
// memory, an identity that a test chooses, and a clock that it moves.
import { archivePort } from '../../main/archives'
import { secrets } from '../../main/identity/secrets'
import { parseHostPort } from '../../main/net/address'
import type { CircleFile, FilesPort, Identity, Parts, SettingsFile } from '../../main/peer/ports'
import type { AgreementState } from '../../main/protocol/agreement'
import { toHex } from '../../main/protocol/codec'
import type { EpochRecord } from '../../main/protocol/epoch-record'
import { deviceMessage, type MemberList } from '../../main/protocol/membership'
import { differences } from '../../main/render/differences'
import { facetsOf } from '../../main/render/facets'
import { RENDER_VERSION, renderMarkdown } from '../../main/render/markdown'
import { markTree } from '../../main/render/marks'
import { excerpt } from '../../main/render/text'
import { openOrSalvage } from '../../main/store/salvage'
import { NEW_YEAR, seedOf, type Device, type Person } from '../support/people'

export const identityOf = (person: Person, device: Device = person.device): Identity => ({
  name: person.name,
  member: person.member,
  device: device.key,
  restored: false,
  confirmed: true,
  keptBy: 'file',
  signAsDevice: device.sign,
  signAsMember: person.sign,
  certificate: (circle) => person.sign(deviceMessage(circle, person.member, device.key)),
  deviceKeys: device.keys,
  words: () => secrets.wordsOf(seedOf(`root ${person.name}`)),
})

export const circleFile = (
  list: MemberList,
  records: readonly EpochRecord[] = [],
  over: Partial<CircleFile> = {},
): CircleFile => ({
  version: 1,
  genesis: toHex(list.genesis.bytes),
  epochs: records.map((record) => toHex(record.bytes)),
  secrets: [toHex(seedOf('circle secret'))],
  invites: [],
  wants: [],
  provisional: false,
  mustCatchUp: false,
  ...over,
})

const SETTINGS: SettingsFile = {
  theme: 'system',
  density: 'comfortable',
  language: 'system',
  lan: true,
  internet: false,
  manualAddresses: [],
  port: 0,
  capKiB: 0,
  capPeerKiB: 0,
  mirror: null,
}

export interface MemoryFiles extends FilesPort {
  circle: CircleFile | null
  /** What the next writing of the circle's file throws. */
  failWith: Error | null
}
export function memoryFiles(circle: CircleFile | null = null): MemoryFiles {
  let joining: string | null = null
  let settings = SETTINGS
  let agreement: AgreementState | null = null
  let notices: readonly Uint8Array[] = []
  const files: MemoryFiles = {
    circle,
    failWith: null,
    readCircle: () => files.circle,
    writeCircle(next) {
      if (files.failWith) throw files.failWith
      files.circle = next
    },
    setCircleAside: () => void (files.circle = null),
    readAgreement: () => agreement,
    writeAgreement(state) {
      if (files.failWith) throw files.failWith
      agreement = state
    },
    readNotices: () => [...notices],
    writeNotices(next) {
      if (files.failWith) throw files.failWith
      notices = next
    },
    readJoining: () => joining,
    writeJoining: (link) => void (joining = link),
    clearJoining: () => void (joining = null),
    readSettings: () => ({ settings, setAside: null }),
    writeSettings: (next) => void (settings = next),
    damagedFiles: () => [],
    usage: () => ({ free: null, database: 0, logs: 0, aside: [] }),
    forgetAside: () => undefined,
  }
  return files
}

export interface Clock {
  ms: number
}
export const clockAt = (ms = NEW_YEAR + 60_000): Clock => ({ ms })

/** Parts of a backend without network in this folder. */
export function partsOf(dir: string, clock: Clock, over: Partial<Parts> = {}): Parts {
  return {
    dir,
    version: '0.0.0-test',
    secrets,
    identity: {
      open: () => null,
      create: () => {
        throw new Error('no identity is made in this test')
      },
      adopt: () => {
        throw new Error('no device is certified in this test')
      },
      confirm: () => undefined,
      discard: () => undefined,
      renew: () => {
        throw new Error('no identity is renewed in this test')
      },
    },
    files: memoryFiles(),
    workers: null,
    openStore: (known) => openOrSalvage(dir, secrets.crypto, clock.ms, known),
    archive: archivePort,
    checkStore: null,
    network: null,
    after: (ms, run) => {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    parseHostPort,
    render: renderMarkdown,
    renderVersion: RENDER_VERSION,
    facets: facetsOf,
    differences,
    mark: markTree,
    excerpt,
    qr: () => [[true]],
    now: () => clock.ms,
    log: () => undefined,
    ...over,
  }
}
