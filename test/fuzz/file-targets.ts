// Files that something else may have written: proofs that people pass on, and the small files of a data folder.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readWindowState, writeWindowState } from '../../main/desktop/window-state'
import { createIdentity, openIdentity } from '../../main/identity/keystore'
import { passphraseVault, fileVault } from '../../main/identity/vault'
import { readKeptOut } from '../../main/peer/conduct-keeper'
import { checkProofFile, forkProofFile, proofFile, proofSteps } from '../../main/peer/proof'
import { Cuts, WHOLE } from '../../main/protocol/cuts'
import { checkpointMessage } from '../../main/protocol/receipts'
import { readAgreement, readNotices, writeAgreement, writeNotices } from '../../main/store/agreement-file'
import { readCircle, readJoining, writeCircle, writeJoining } from '../../main/store/circle-file'
import type { TextFiles } from '../../main/store/files'
import { readSettings, writeSettings } from '../../main/store/settings-file'
import { NEW_YEAR, crypto, seedOf, write } from '../support/people'
import { capability, circle, frames, gullible, link, timeline } from './binary-targets'
import { refusable } from './text-targets'
import { Finding, textOf, tokens, utf8, type Outcome, type Target } from './target'
import { encodeCapability } from '../../main/protocol/invite'

/** A data folder in memory: what is read is one text, whatever the name. */
class OneFile implements TextFiles {
  text: string | null = null
  read = (): string | null => this.text
  write = (_name: string, text: string): void => {
    this.text = text
  }
  remove = (): void => {
    this.text = null
  }
  setAside = (name: string): string => `${name}.damaged`
  readonly setAsides = []
}
/** What the product writes with `write`. */
function written(write: (files: OneFile) => void): Uint8Array {
  const files = new OneFile()
  write(files)
  return utf8(files.text!)
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const JSON_TOKENS = tokens(
  'null',
  '""',
  '[]',
  '{}',
  '-1',
  '0.5',
  '1e400',
  '9007199254740993',
  '9007199254740991',
  '8640000000000001',
  '"zz"',
  '"__proto__":1,',
  ':',
  ',',
  '\\ud800',
)

interface SmallFile {
  name: string
  seed: Uint8Array
  read(files: TextFiles): unknown
  write?(files: TextFiles, value: never): void
}
const { list, records } = circle
const ballot = { round: 2, by: circle.people[0]!.device.key }
const value = { id: list.epochIds[1]!, bytes: records[0]!.bytes }
const smallFiles: SmallFile[] = [
  {
    name: 'circle',
    seed: written((files) =>
      writeCircle(files, {
        version: 1,
        genesis: hex(list.genesis.bytes),
        epochs: records.map((r) => hex(r.bytes)),
        secrets: [hex(seedOf('secret'))],
        invites: [{ secret: 'ab'.repeat(16), capability: hex(encodeCapability(capability)), createdAt: NEW_YEAR }],
        wants: [
          { type: 'set-role', askedAt: NEW_YEAR, member: circle.people[1]!.member, role: 'admin' },
          { type: 'remove-device', askedAt: NEW_YEAR, device: circle.people[1]!.device.key, seq: 3 },
        ],
        provisional: false,
        mustCatchUp: false,
      }),
    ),
    read: (files) => readCircle(files, NEW_YEAR),
    write: writeCircle,
  },
  {
    name: 'agreement',
    seed: written((files) =>
      writeAgreement(files, { number: 2, mine: { ballot, value }, promised: ballot, accepted: { ballot, value } }),
    ),
    read: readAgreement,
    write: writeAgreement,
  },
  {
    name: 'notices',
    seed: written((files) => writeNotices(files, frames())),
    read: (files) => readNotices(files, NEW_YEAR),
    write: writeNotices,
  },
  {
    name: 'joining',
    seed: written((files) => writeJoining(files, link)),
    read: (files) => readJoining(files, NEW_YEAR),
    write: writeJoining,
  },
  {
    name: 'settings',
    seed: written((files) => writeSettings(files, readSettings(new OneFile(), 0).settings)),
    read: (files) => readSettings(files, NEW_YEAR).settings,
    write: writeSettings,
  },
  {
    name: 'kept-out',
    seed: utf8(JSON.stringify([{ device: 'ab'.repeat(32), misdeed: 'flood', since: 1, until: 2, times: 1 }])),
    read: (files) => readKeptOut({ meta: () => files.read('') }),
  },
]

/** Reading, writing and reading again says the same. */
const fileTarget = ({ name, seed, read, write }: SmallFile): Target => ({
  name: `file-${name}`,
  seeds: [seed],
  tokens: JSON_TOKENS,
  bytesMax: 16_384,
  run(input) {
    const files = new OneFile()
    files.text = textOf(input)
    return refusable(() => {
      const first = read(files)
      if (first === null || !write) return
      write(files, first as never)
      if (JSON.stringify(read(files)) !== JSON.stringify(first))
        throw new Finding('a file that changes when it is written again')
    })
  },
})

const keys = written((files) => void createIdentity(files, fileVault, 'Ann', seedOf('entropy')))
const sealed = passphraseVault('correct horse')

const [node, other] = timeline as [(typeof timeline)[0], (typeof timeline)[0]]
const forked = write({
  circle: list.circle,
  device: circle.people[1]!.device,
  seq: 1,
  timestamp: NEW_YEAR,
  epoch: 1,
  text: 'x',
})
const cuts = new Cuts(
  crypto,
  new Map([[node.device, { height: 1, head: node.id, headTime: node.timestamp, floating: [] }]]),
)
const cut = cuts.at(WHOLE)!
const holder = circle.people[2]!.device
const unsigned = { device: holder.key, at: NEW_YEAR, digest: cut.digest, late: [] }
const held = {
  checkpoint: { ...unsigned, signature: holder.sign(checkpointMessage(list.circle, unsigned)) },
  entries: cut.entries,
}
const epochBytes = records.map((r) => r.bytes)
const proofs = [
  proofFile(node, list, epochBytes, 'Bob', [held]),
  proofFile(other, list, epochBytes, 'Bob', []),
  forkProofFile(node.id < forked.id ? [node, forked] : [forked, node], list, epochBytes, 'Bob'),
].map(({ content }) => utf8(content))

let windowFile: string | undefined
const windowState = (): string => {
  if (windowFile) return windowFile
  const dir = mkdtempSync(join(tmpdir(), 'twofold-fuzz-'))
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  return (windowFile = join(dir, 'window.json'))
}

/** A proof file around bytes that are mutated as bytes: as hex within JSON they would hardly ever stay what they are. */
const proofTarget = (name: string, seeds: readonly Uint8Array[], fileOf: (input: Uint8Array) => object): Target => ({
  name,
  seeds,
  bytesMax: 4096,
  run: (input) => checks(JSON.stringify({ version: 1, about: '', genesis: hex(list.genesis.bytes), ...fileOf(input) })),
})
const checks = (text: string): Outcome =>
  refusable(() => {
    const { node: proven, other: second } = checkProofFile(gullible, text, NEW_YEAR + 86_400_000)
    for (const one of second ? [proven, second] : [proven])
      proofSteps(gullible, one, { list, epochBytes, below: null, linked: null, chain: null, receivedAt: null })
  })
const epochs = epochBytes.map(hex)

export const fileTargets: Target[] = [
  ...smallFiles.map(fileTarget),
  proofTarget('proof-node', [node.bytes, other.bytes], (input) => ({
    format: 'twofold-proof',
    epochs,
    node: hex(input),
  })),
  proofTarget('proof-fork', [forked.bytes], (input) => ({
    format: 'twofold-fork-proof',
    epochs,
    nodes: [hex(node.bytes), hex(input)],
  })),
  proofTarget('proof-record', epochBytes, (input) => ({
    format: 'twofold-proof',
    epochs: [hex(input)],
    node: hex(node.bytes),
  })),
  {
    name: 'file-keys',
    seeds: [keys],
    tokens: [...JSON_TOKENS, ...tokens('"file"', '"passphrase"', '"keychain"')],
    bytesMax: 2048,
    run(input) {
      const files = new OneFile()
      files.text = textOf(input)
      // The passphrase's vault is slow on purpose; what it opens is bytes like the others.
      return refusable(
        () =>
          void openIdentity(files, (kept) => (kept === 'passphrase' ? { ...sealed, open: fileVault.open } : fileVault)),
      )
    },
  },
  {
    name: 'file-window',
    seeds: [utf8(JSON.stringify({ bounds: { x: 1, y: 2, width: 800, height: 600 }, maximised: false, theme: 'dark' }))],
    tokens: JSON_TOKENS,
    bytesMax: 1024,
    run(input) {
      const file = windowState()
      writeFileSync(file, input)
      const state = readWindowState(file)
      writeWindowState(file, state)
      if (JSON.stringify(readWindowState(file)) !== JSON.stringify(state)) throw new Finding('a place that changes')
      return 'accepted'
    },
  },
  {
    name: 'proof-file',
    seeds: proofs,
    tokens: [...JSON_TOKENS, ...tokens('"twofold-proof"', '"twofold-fork-proof"', 'ff00', 'fe')],
    bytesMax: 16_384,
    run: (input) => checks(textOf(input)),
  },
]
