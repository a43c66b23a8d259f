// Why an entry can be believed, as sentences with the bytes behind them, and as a file that anybody can check without
// this circle: the founding record, the member list up to the entry's epoch, and the entry itself.
import * as v from 'valibot'
import { TwofoldError } from '../../shared/errors'
import { proofWords } from '../../shared/proof-words'
import type { ProofStep } from '../../shared/types'
import { fromHex, toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import { decodeEpoch } from '../protocol/epoch-record'
import { acceptEpoch } from '../protocol/epochs'
import { decodeGenesis } from '../protocol/genesis'
import { deviceInEpoch, foundedList, type MemberList } from '../protocol/membership'
import { TIME_MS_MAX } from '../protocol/limits'
import { decodeNode, nodeMessage, type TimelineNode } from '../protocol/node'
import { entryOf, type Proven } from '../protocol/receipts'
import { shownName } from '../protocol/names'
import { forkHolds } from '../protocol/notices'
import { linkCode, type LinkCode } from '../protocol/timeline'
import { membershipCode, signatureHolds, verifyNode, type VerifyCode } from '../protocol/verify'
import { checkFileRow, fileRow, type FileRow } from './receipt-keeper'

const time = (ms: number) =>
  new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')

export interface ProofContext {
  list: MemberList
  /** Epoch records by number - 1, as signed. */
  epochBytes: readonly Uint8Array[]
  /** The node below in the author's log, if it is here; null at seq 1 and while it is missing. */
  below: TimelineNode | null
  /** Rule N9: the nodes above it up to one whose signature holds, where its own does not. */
  chain: readonly TimelineNode[] | null
  /** All nodes down to the first are here. Null: unknown (a proof file holds one entry). */
  linked: boolean | null
  receivedAt: number | null
}

/** The checks of rule N4, each done again now. */
export function proofSteps(crypto: Crypto, node: TimelineNode, context: ProofContext): ProofStep[] {
  const { list, below } = context
  const words = proofWords()
  const device = list.devices.get(node.device)
  const member = device && list.members.get(device.member)
  const name = member ? shownName(list, member.key) : words.somebody
  const again = decodeNode(crypto, node.bytes)
  const inEpoch =
    device !== undefined &&
    deviceInEpoch(device, node.epoch) &&
    !(device.cutoffSeq !== undefined && node.seq > device.cutoffSeq)
  const epochId = list.epochIds[node.epoch]
  const record = node.epoch > 0 ? context.epochBytes[node.epoch - 1] : undefined
  const epoch = record && decodeEpoch(crypto, record)
  const agreed = epoch
    ? [...new Set(epoch.signatures.map((s) => signerName(list, s.signer)))].join(', ')
    : list.genesis.founderName
  const follows = node.seq === 1 || (below !== null && below.id === node.backlink && below.timestamp < node.timestamp)
  return [
    {
      id: 'encoding',
      ok: again.ok,
      sentence: words.encoding(node.bytes.length),
      raw: [[words.raw.entry, toHex(node.bytes)]],
    },
    {
      id: 'id',
      ok: again.ok && again.node.id === node.id,
      sentence: words.id,
      raw: [[words.raw.id, node.id]],
    },
    signatureStep(crypto, node, name, context.chain),
    {
      id: 'device',
      ok: device !== undefined,
      sentence: device ? words.device(name, device.addedIn) : words.noDevice,
      raw: [[words.raw.device, node.device]],
    },
    {
      id: 'member',
      ok: inEpoch,
      sentence: inEpoch ? words.member(name, member?.founder ?? false) : words.noMember(name),
      raw: [[words.raw.member, member?.key ?? '']],
    },
    {
      id: 'epoch',
      ok: epochId !== undefined && node.epoch <= list.epoch,
      sentence:
        node.epoch === 0
          ? words.founding(agreed)
          : words.version(node.epoch, agreed, epoch ? time(epoch.timestamp) : null),
      raw: [
        [words.raw.version, epochId ?? ''],
        [words.raw.record, record ? toHex(record) : toHex(list.genesis.bytes)],
      ],
    },
    {
      id: 'log',
      ok: follows || context.linked === false || context.linked === null,
      sentence:
        node.seq === 1
          ? words.first(name)
          : context.linked
            ? words.linked(node.seq)
            : context.linked === false
              ? words.floating(node.seq)
              : words.alone(node.seq),
      raw: node.backlink === undefined ? [] : [[words.raw.backlink, node.backlink]],
    },
    {
      id: 'time',
      ok: below === null || below.timestamp < node.timestamp,
      sentence: words.time(time(node.timestamp), context.receivedAt === null ? null : time(context.receivedAt)),
      raw: [[words.raw.written, String(node.timestamp)]],
    },
  ]
}

/** Rule N9: the node's own signature, or where that does not hold the one above that stands for it. */
function signatureStep(
  crypto: Crypto,
  node: TimelineNode,
  name: string,
  chain: readonly TimelineNode[] | null,
): ProofStep {
  const words = proofWords()
  const raw: ProofStep['raw'] = [
    [words.raw.signature, toHex(node.signature)],
    [words.raw.message, toHex(nodeMessage(node.circle, node.id))],
    [words.raw.device, node.device],
  ]
  const head = chain?.at(-1)
  if (signatureHolds(crypto, node) || !head)
    return {
      id: 'signature',
      ok: signatureHolds(crypto, node),
      sentence: words.signature(name),
      raw,
    }
  return {
    id: 'signature',
    ok: true,
    sentence: words.byChain(name, head.seq),
    raw: [
      ...raw,
      [words.raw.signatureOf(head.seq), toHex(head.signature)],
      [words.raw.entryOf(head.seq), toHex(head.bytes)],
    ],
  }
}

function signerName(list: MemberList, signer: string): string {
  const device = list.devices.get(signer as never)
  const member = list.members.get((device?.member ?? signer) as never)
  return member ? shownName(list, member.key) : signer.slice(0, 8)
}

export interface ProofFile {
  fileName: string
  content: string
}

const FORMAT = 'twofold-proof'
const hex = v.pipe(v.string(), v.regex(/^([0-9a-f]{2})+$/))
const fileSchema = v.strictObject({
  format: v.literal(FORMAT),
  version: v.literal(1),
  about: v.string(),
  genesis: hex,
  epochs: v.array(hex),
  node: hex,
  /** Rule N9: the entries above it, up to one whose signature holds, where its own does not. */
  chain: v.optional(v.array(hex)),
  /** Rule C3: devices that signed that they hold everything up to a time, with what that was. */
  holders: v.optional(
    v.array(
      v.strictObject({
        device: hex,
        at: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(TIME_MS_MAX)),
        late: hex,
        signature: hex,
        vector: hex,
      }),
    ),
  ),
})

const FORK_FORMAT = 'twofold-fork-proof'
const forkSchema = v.strictObject({
  format: v.literal(FORK_FORMAT),
  version: v.literal(1),
  about: v.string(),
  genesis: hex,
  epochs: v.array(hex),
  nodes: v.tuple([hex, hex]),
})

export function proofFile(
  node: TimelineNode,
  list: MemberList,
  epochBytes: readonly Uint8Array[],
  memberName: string,
  holders: readonly Proven[],
  chain: readonly TimelineNode[] | null = null,
): ProofFile {
  const content: v.InferOutput<typeof fileSchema> = {
    format: FORMAT,
    version: 1,
    about: `Entry ${node.seq} by ${memberName} in the circle ${list.genesis.name}. Check it anywhere: twofold verify FILE`,
    genesis: toHex(list.genesis.bytes),
    // The whole list: a later removal, with its cut-off, is part of the truth about an entry.
    epochs: epochBytes.map(toHex),
    node: toHex(node.bytes),
    ...(chain && { chain: chain.map((one) => toHex(one.bytes)) }),
    ...(holders.length && { holders: holders.map(fileRow) }),
  }
  return { fileName: `${node.id.slice(0, 12)}.twofold`, content: `${JSON.stringify(content, null, 2)}\n` }
}

/** Rule N6: two entries that one device signed for one place, with the list that says whose device it is. */
export function forkProofFile(
  nodes: readonly [TimelineNode, TimelineNode],
  list: MemberList,
  epochBytes: readonly Uint8Array[],
  memberName: string,
): ProofFile {
  const content: v.InferOutput<typeof forkSchema> = {
    format: FORK_FORMAT,
    version: 1,
    about: `Two different entries number ${nodes[0].seq} by one device of ${memberName} in the circle ${list.genesis.name}. Check it anywhere: twofold verify FILE`,
    genesis: toHex(list.genesis.bytes),
    epochs: epochBytes.map(toHex),
    nodes: [toHex(nodes[0].bytes), toHex(nodes[1].bytes)],
  }
  return { fileName: `fork-${nodes[0].device.slice(0, 12)}.twofold`, content: `${JSON.stringify(content, null, 2)}\n` }
}

/** One step for everybody who signed that he holds the entry. Throws PROOF_FALSE when one of them did not. */
function holderSteps(crypto: Crypto, node: TimelineNode, list: MemberList, rows: readonly FileRow[]): ProofStep[] {
  if (!rows.length) return []
  const names = rows.map((row) => {
    const proven = checkFileRow(crypto, list.circle, row)
    const entry = proven && entryOf(proven.entries, node.device)
    const device = proven && list.devices.get(proven.checkpoint.device)
    const at = entry?.height ?? 0
    if (!device || at < node.seq || (at === node.seq && entry?.head !== node.id))
      throw new TwofoldError('PROOF_FALSE', {
        detail: `${signerName(list, row.device)} did not sign that it holds the entry.`,
      })
    return `${signerName(list, row.device)} (${time(row.at)})`
  })
  return [
    {
      id: 'holders',
      ok: true,
      sentence: `Held and verified by ${names.length} other ${names.length === 1 ? 'device' : 'devices'}, each by its own signature: ${names.join(', ')}.`,
      raw: rows.map((row): [string, string] => [signerName(list, row.device), row.signature]),
    },
  ]
}

/** Rule N9: why a chain, ascending, does not show that its author signed the lowest of it; null: it does. */
function chainCode(
  crypto: Crypto,
  nodes: readonly TimelineNode[],
  list: MemberList,
  now: number,
): VerifyCode | LinkCode | null {
  for (const [i, node] of nodes.entries()) {
    const code = membershipCode(node, list) ?? (i === 0 ? null : linkCode(node, nodes[i - 1]!, null))
    if (code) return code
    if (node.device !== nodes[0]!.device) return 'BACKLINK_MISMATCH'
  }
  return verifyNode(crypto, nodes.at(-1)!, list, now)
}

export interface CheckedProof {
  circle: string
  circleId: string
  memberName: string
  node: TimelineNode
  /** The other entry for the same place, where the file proves a fork. */
  other: TimelineNode | null
  steps: ProofStep[]
}

/** Checks a proof file, of an entry or of a fork, from nothing but its bytes. Throws PROOF_FILE_INVALID or PROOF_FALSE. */
export function checkProofFile(crypto: Crypto, text: string, now: number): CheckedProof {
  let file: v.InferOutput<typeof fileSchema> | v.InferOutput<typeof forkSchema>
  try {
    file = v.parse(v.variant('format', [fileSchema, forkSchema]), JSON.parse(text))
  } catch (error) {
    // What the file holds is anybody's words: none of it is repeated.
    const detail = error instanceof v.ValiError ? 'its fields are not those of one.' : 'it is not JSON.'
    throw new TwofoldError('PROOF_FILE_INVALID', { detail })
  }
  const genesis = decodeGenesis(crypto, fromHex(file.genesis))
  if (!genesis) throw new TwofoldError('PROOF_FALSE', { detail: 'the founding record is not signed by its founder.' })
  let list = foundedList(genesis)
  const epochBytes = file.epochs.map(fromHex)
  for (const bytes of epochBytes) {
    const record = decodeEpoch(crypto, bytes)
    const accepted = record && acceptEpoch(crypto, list, record)
    if (!accepted?.ok)
      throw new TwofoldError('PROOF_FALSE', {
        detail: `version ${list.epoch + 1} of the member list is not certified.`,
      })
    list = accepted.list
  }
  const nodeOf = (bytes: string): TimelineNode => {
    const decoded = decodeNode(crypto, fromHex(bytes))
    if (!decoded.ok) throw new TwofoldError('PROOF_FALSE', { detail: 'the entry is not in canonical form.' })
    return decoded.node
  }
  const nodes = file.format === FORK_FORMAT ? file.nodes.map(nodeOf) : [nodeOf(file.node)]
  const [node, other = null] = nodes as [TimelineNode, TimelineNode?]
  const chain = file.format === FORK_FORMAT ? [] : (file.chain ?? []).map(nodeOf)
  if (other) {
    const [a, b] = node.id < other.id ? [node, other] : [other, node]
    if (!forkHolds(crypto, list, [a, b]))
      throw new TwofoldError('PROOF_FALSE', {
        detail: 'these are not two different entries that one device of the list signed for one place.',
      })
  } else {
    const code = chain.length ? chainCode(crypto, [node, ...chain], list, now) : verifyNode(crypto, node, list, now)
    if (code) throw new TwofoldError('PROOF_FALSE', { detail: `${new TwofoldError(code).message}` })
  }
  const steps = other
    ? []
    : proofSteps(crypto, node, {
        list,
        epochBytes,
        below: null,
        chain: chain.length ? chain : null,
        linked: null,
        receivedAt: null,
      })
  const memberName = shownName(list, list.devices.get(node.device)!.member)
  if ('holders' in file) steps.push(...holderSteps(crypto, node, list, file.holders ?? []))
  return { circle: genesis.name, circleId: genesis.id, memberName, node, other, steps }
}
