// Makes a sample circle in an empty folder: real keys, a real member list, and entries that are signed and stored by the
// very code that any other entry goes through. For trying Twofold out, for tests and for measuring; never in a folder that
// holds anything of a person.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { TwofoldError } from '../shared/errors'
import type { DeviceKey, MemberKey, NodeId } from '../shared/types'
import type { Seeded, SeedOptions } from './cli/command'
import { confirmWords, createIdentity } from './identity/keystore'
import { crypto, keyPairFromSeed, randomBytes, signer } from './identity/sodium'
import { fileVault, passphraseVault } from './identity/vault'
import { Indexer } from './peer/indexer'
import { noteOwnHeld } from './peer/author'
import { Rows } from './peer/rows'
import { toHex } from './protocol/codec'
import { encodeContent, type Content } from './protocol/kinds'
import { certifyEpoch, epochMessage } from './protocol/epoch-record'
import { acceptEpoch, proposeEpoch } from './protocol/epochs'
import { makeGenesis } from './protocol/genesis'
import { deviceMessage, foundedList, type Change, type MemberList } from './protocol/membership'
import { makeNode, type TimelineNode } from './protocol/node'
import { differences } from './render/differences'
import { facetsOf } from './render/facets'
import { RENDER_VERSION, renderMarkdown } from './render/markdown'
import { markTree } from './render/marks'
import { excerpt } from './render/text'
import { NAMES, REACTIONS, chanceOf, nameOf, pick, textOf, voiceOf, type Chance, type Voice } from './seed-texts'
import { writeCircle } from './store/circle-file'
import { openFolder } from './store/files'
import { lockFolder } from './store/folder-lock'
import { openTimelineStore } from './store/timeline-store'

const DAY_MS = 86_400_000
/** Nodes stored at once share their time of arrival, so a batch spans no more than this. */
const BATCH_MS = 5 * 60_000
const BATCH_NODES = 1000
/** Told to whoever waits, and a pause for signals. */
const PROGRESS_EVERY = 20_000
/** Entries that are answered, reacted to and changed: the last ones. */
const RECENT = 300
const REPLIES = 0.22
const REACTED = 0.12
const EDITED = 0.02
const WITHDRAWN = 0.004
/** Chance, each time somebody writes, that their device is offline for a while: what they write then arrives late. */
const OFFLINE = 0.002
const OFFLINE_MS_MAX = 3 * DAY_MS
/** Members admitted by one record. */
const ADMIT = 200

interface Person {
  name: string
  member: MemberKey
  device: DeviceKey
  sign: (message: Uint8Array) => Uint8Array
  certify: (circle: MemberList) => Change
  voice: Voice
  head: TimelineNode | null
  offlineUntil: number
  held: TimelineNode[]
}

/** Times of entries, ascending: more by day than by night, some days far more than others. */
function timesOf(chance: Chance, count: number, from: number, to: number): number[] {
  const days = Math.max(1, Math.ceil((to - from) / DAY_MS))
  const busy = Array.from({ length: days }, () => 0.15 + chance() ** 3 * 4)
  const sum = busy.reduce((all, one) => all + one, 0)
  const times: number[] = []
  let sofar = 0
  for (const [day, share] of busy.entries()) {
    sofar += share
    const until = day === days - 1 ? count : Math.round((sofar / sum) * count)
    while (times.length < until) {
      const hour = (chance() + chance()) * 9 + 5
      times.push(Math.floor(Math.min(to - 1, from + day * DAY_MS + hour * 3_600_000 + chance() * 3_600_000)))
    }
  }
  return times.sort((a, b) => a - b)
}

/** `env`: keys are kept by TWOFOLD_PASSPHRASE where it is set, as everywhere on the command line. */
export const seedFolder =
  (env: NodeJS.ProcessEnv) =>
  async (dir: string, options: SeedOptions, progress: (entries: number) => void): Promise<Seeded> => {
    const files = openFolder(dir)
    if (['keys.json', 'circle.json', 'joining.json', 'timeline.sqlite'].some((name) => existsSync(join(dir, name))))
      throw new TwofoldError('FOLDER_TAKEN', { folder: dir })
    const unlock = lockFolder(dir)
    try {
      return await seed(dir, files, env.TWOFOLD_PASSPHRASE || undefined, options, progress)
    } finally {
      unlock()
    }
  }

async function seed(
  dir: string,
  files: ReturnType<typeof openFolder>,
  passphrase: string | undefined,
  options: SeedOptions,
  progress: (entries: number) => void,
): Promise<Seeded> {
  const chance = chanceOf(options.random)
  const now = Date.now()
  const start = now - options.days * DAY_MS
  const vault = passphrase === undefined ? fileVault : passphraseVault(passphrase)
  const me = createIdentity(files, vault, nameOf(0))
  confirmWords(files)

  // ---------------------------------------------------------------- people
  const person = (index: number): Person => {
    const root = keyPairFromSeed(randomBytes(32))
    const keys = keyPairFromSeed(randomBytes(32))
    const mine = index === 0
    const member = mine ? me.member : (toHex(root.publicKey) as MemberKey)
    const device = mine ? me.device : (toHex(keys.publicKey) as DeviceKey)
    const name = nameOf(index)
    return {
      name,
      member,
      device,
      sign: mine ? me.signAsDevice : signer(keys),
      certify: (list) => ({
        type: 'admit-member',
        member,
        name,
        device,
        certificate: signer(root)(deviceMessage(list.circle, member, device)),
        invite: null,
      }),
      voice: voiceOf(chance),
      head: null,
      offlineUntil: 0,
      held: [],
    }
  }
  const people = Array.from({ length: options.members }, (_unused, i) => person(i))
  const genesis = makeGenesis(
    crypto,
    {
      name: 'Sample circle',
      founder: me.member,
      founderName: NAMES[0],
      founderDevice: me.device,
      approval: 'auto',
      jump: 0,
      timestamp: start - DAY_MS,
      nonce: randomBytes(16),
    },
    (message) => me.signAsMember!(message),
  )
  let list = foundedList(genesis)
  const epochs: Uint8Array[] = []
  for (let i = 1; i < people.length; i += ADMIT) {
    const changes = people.slice(i, i + ADMIT).map((one) => one.certify(list))
    const proposed = proposeEpoch(crypto, list, changes, start - DAY_MS + i)
    if (!proposed.ok) throw new Error(`the sample circle's list does not hold: ${proposed.code}`)
    // The founder is the only admin: one vote is the majority.
    const ballot = { round: 0, by: me.device }
    const signature = me.signAsDevice(epochMessage(list.circle, proposed.proposal.id, ballot))
    const record = certifyEpoch(proposed.proposal, ballot, [{ signer: me.device, signature }])
    const accepted = acceptEpoch(crypto, list, record)
    if (!accepted.ok) throw new Error(`the sample circle's list does not hold: ${accepted.code}`)
    epochs.push(record.bytes)
    list = accepted.list
  }

  // ---------------------------------------------------------------- entries
  const store = openTimelineStore(dir, crypto)
  const byDevice = new Map(people.map((one) => [one.device, one]))
  for (const one of people) store.knowDevice(one.device, one.member)
  const memberOf = (device: DeviceKey) => byDevice.get(device)!.member
  let nodes = 0
  let batch: TimelineNode[] = []
  const flush = (at: number) => {
    if (!batch.length) return
    nodes += batch.length
    const stored = batch.map((node) => ({
      node,
      origin:
        node.device === me.device
          ? ({ from: null, how: 'own', tree: null } as const)
          : ({ from: node.device, how: 'tree', tree: (node.seq & 1) as 0 | 1 } as const),
      arrival: null,
    }))
    store.append(stored, memberOf, at)
    batch = []
  }
  const write = (who: Person, content: Content, at: number): TimelineNode => {
    const node = makeNode(
      crypto,
      {
        circle: list.circle,
        device: who.device,
        seq: (who.head?.seq ?? 0) + 1,
        ...(who.head && { backlink: who.head.id }),
        timestamp: Math.max(at, (who.head?.timestamp ?? 0) + 1),
        epoch: list.epoch,
        ...encodeContent(content),
      },
      who.sign,
    )
    who.head = node
    if (at < who.offlineUntil) who.held.push(node)
    else {
      batch.push(...who.held.splice(0), node)
    }
    return node
  }
  /** Pareto: a few write most. */
  const author = (): Person => people[Math.min(people.length - 1, Math.floor(people.length * chance() ** 3))]!
  const mention = (): string => {
    const { name, member } = pick(chance, people)
    return `[@${name}](twofold://member/${member})`
  }
  const recent: { id: NodeId; who: Person }[] = []
  let batchStart = start
  let written = 0
  try {
    for (const at of timesOf(chance, options.entries, start, now)) {
      if (at - batchStart > BATCH_MS || batch.length >= BATCH_NODES) {
        flush(Math.min(at, batchStart + BATCH_MS))
        batchStart = at
      }
      const who = author()
      if (who !== people[0] && at > who.offlineUntil && chance() < OFFLINE)
        who.offlineUntil = Math.min(now - 1, at + chance() * OFFLINE_MS_MAX)
      const text = textOf(chance, who.voice, mention)
      const about = recent.length && chance() < REPLIES ? pick(chance, recent) : null
      const content: Content = about ? { kind: 'reply', target: about.id, text } : { kind: 'post', text }
      recent.push({ id: write(who, content, at).id, who })
      if (recent.length > RECENT) recent.shift()
      if (chance() < REACTED)
        write(author(), { kind: 'reaction', target: pick(chance, recent).id, text: pick(chance, REACTIONS) }, at + 1)
      if (chance() < EDITED) {
        const { id, who: by } = pick(chance, recent)
        write(by, { kind: 'edit', target: id, text: textOf(chance, by.voice, mention) }, at + 2)
      }
      if (chance() < WITHDRAWN) {
        const { id, who: by } = pick(chance, recent)
        write(by, { kind: 'retract', target: id }, at + 3)
      }
      if (++written % PROGRESS_EVERY === 0) {
        progress(written)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    for (const who of people) batch.push(...who.held.splice(0))
    flush(now)
    // Its entries went to people who are not there any more: none of them waits.
    noteOwnHeld(store, people[0]!.head?.seq ?? 0)
    store.markSeen(people.map((one) => one.member))
    const parts = {
      secrets: { crypto },
      render: renderMarkdown,
      renderVersion: RENDER_VERSION,
      facets: facetsOf,
      differences,
      mark: markTree,
      excerpt,
      now: () => now,
      log: () => undefined,
    }
    const rows = new Rows({ parts, store, list: () => list, me: me.device, member: me.member, ownHeld: () => 0 })
    const indexer = new Indexer({ parts, store, rows, indexed: () => undefined })
    while (indexer.bite()) await new Promise((resolve) => setImmediate(resolve))
    writeCircle(files, {
      version: 1,
      genesis: toHex(genesis.bytes),
      epochs: epochs.map(toHex),
      secrets: [toHex(randomBytes(32))],
      invites: [],
      wants: [],
      provisional: false,
      mustCatchUp: false,
    })
  } finally {
    store.close()
  }
  return { circle: list.circle, members: people.length, entries: written, nodes }
}
