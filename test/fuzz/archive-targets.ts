// Files that carry timelines from one place to another: archives and copies, exports as JSON lines, backups. They are read
// from the disk, so each input is a file first. What seals a backup lets everything through here, so that its inside is reached.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeArchive } from '../../main/archive/archive'
import { readBackup, writeBackup, type Sealing } from '../../main/archive/backup'
import { checkArchive } from '../../main/archive/check'
import { readJsonLines, writeJsonLines } from '../../main/archive/json-lines'
import { DamagedStream, readRecords } from '../../main/archive/records'
import { TwofoldError } from '../../shared/errors'
import { ARCHIVE_MAGIC, itemOf, type ArchiveSource, type JsonSource } from '../../main/protocol/archive'
import { Cuts, encodeEntries, WHOLE } from '../../main/protocol/cuts'
import { decodeContent } from '../../main/protocol/kinds'
import { checkpointMessage } from '../../main/protocol/receipts'
import { NEW_YEAR, crypto, seedOf } from '../support/people'
import { circle, gullible, timeline } from './binary-targets'
import { Finding, tokens, type Outcome, type Target } from './target'

const dir = mkdtempSync(join(tmpdir(), 'twofold-fuzz-'))
process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
const FILE = join(dir, 'input')
const { list, people, records } = circle
const founder = people[0]!
const [first] = timeline
const cuts = new Cuts(
  crypto,
  new Map([[first!.device, { height: 1, head: first!.id, headTime: first!.timestamp, floating: [] }]]),
)
const cut = cuts.at(WHOLE)!
const unsigned = { device: founder.device.key, at: NEW_YEAR, digest: cut.digest, late: [] }
const listSource = { genesis: list.genesis.bytes, epochs: records.map(({ bytes }) => bytes) }
const recordSource = {
  ...listSource,
  receipts: [
    {
      ...unsigned,
      late: Uint8Array.of(0),
      signature: founder.device.sign(checkpointMessage(list.circle, unsigned)),
      vector: encodeEntries(cut.entries),
    },
  ],
  runs: () => [timeline.map(({ bytes }) => bytes)],
}
const archive: ArchiveSource = {
  ...recordSource,
  circle: list.circle,
  by: founder.device.key,
  sign: founder.device.sign,
}
const json: JsonSource = {
  ...listSource,
  circle: list.circle,
  circleName: 'Fuzz',
  runs: () => [
    timeline.map((node) => ({
      node,
      member: people[1]!.member,
      memberName: 'Bob',
      receivedAt: NEW_YEAR,
      content: decodeContent(node.kind, node.body),
    })),
  ],
}
const open: Sealing = {
  crypto,
  seal: (_key, plain) => plain,
  open: (_key, box) => box,
  randomBytes: (n) => new Uint8Array(n),
}
const entropy = seedOf('entropy')
const go = () => Promise.resolve()

async function written(write: (path: string) => Promise<unknown>): Promise<Uint8Array> {
  await write(FILE)
  const bytes = new Uint8Array(readFileSync(FILE))
  rmSync(FILE)
  return bytes
}
const archiveSeed = await written((path) => writeArchive(crypto, path, archive, NEW_YEAR, go))
const jsonSeed = await written((path) => writeJsonLines(path, json, NEW_YEAR, go))
const backupSeed = await written((path) =>
  writeBackup(
    open,
    path,
    entropy,
    { ...recordSource, name: 'Ann', secrets: [seedOf('s')], bookmarks: [{ id: first!.id, at: 1 }] },
    go,
  ),
)

/** Refusals are TwofoldErrors. */
async function read(input: Uint8Array, work: () => unknown): Promise<Outcome> {
  writeFileSync(FILE, input)
  try {
    await work()
    return 'accepted'
  } catch (error) {
    if (error instanceof TwofoldError) return 'refused'
    throw error
  }
}

/** Records of a stream that comes in pieces of so many bytes. */
function recordsIn(stream: Uint8Array, step: number): string {
  let at = 0
  const found: string[] = []
  try {
    const source = () => (at >= stream.length ? null : stream.subarray(at, (at += step)))
    for (const record of readRecords(source, ARCHIVE_MAGIC)) found.push(`${itemOf(record).type} ${record.end}`)
    return [...found, 'whole'].join()
  } catch (error) {
    if (error instanceof DamagedStream) return [...found, error.at, error.torn].join()
    throw error
  }
}

export const archiveTargets: Target[] = [
  {
    // The first byte says how the stream comes in.
    name: 'records',
    seeds: [Uint8Array.of(40, ...archiveSeed)],
    bytesMax: 8192,
    run(input) {
      const stream = input.subarray(1)
      const whole = recordsIn(stream, stream.length + 1)
      if (recordsIn(stream, 1 + (input[0] ?? 0)) !== whole) throw new Finding('records that depend on how they came')
      return whole.endsWith('whole') ? 'accepted' : 'refused'
    },
  },
  {
    name: 'archive',
    seeds: [archiveSeed],
    bytesMax: 8192,
    run: (input) => read(input, () => checkArchive(gullible, FILE, NEW_YEAR + 86_400_000, go)),
  },
  {
    name: 'json-lines',
    seeds: [jsonSeed],
    tokens: tokens('\n', '{"genesis":"', '{"bytes":"', '"nodes":', '{}', '[]', 'null', '"format":"twofold-export"'),
    bytesMax: 8192,
    run: (input) => read(input, () => [...readJsonLines(FILE)].length),
  },
  {
    name: 'backup',
    seeds: [backupSeed],
    bytesMax: 8192,
    run: (input) => read(input, () => [...readBackup(open, FILE, entropy)].length),
  },
]
