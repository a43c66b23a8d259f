// Data folders for the fault tests: identities and a certified list made by the product's own code, so that a round begins
// with a circle of two in a few milliseconds; and the judge that says whether a folder still holds what it answered for.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assemble } from '../../main/assemble'
import { confirmWords, createIdentity, openIdentity } from '../../main/identity/keystore'
import { crypto, randomBytes } from '../../main/identity/sodium'
import { fileVault } from '../../main/identity/vault'
import { dispatch } from '../../main/ipc/dispatch'
import { fromHex, toHex } from '../../main/protocol/codec'
import type { StoreItem } from '../../main/protocol/engine'
import { encodeContent } from '../../main/protocol/kinds'
import { certifyEpoch, epochMessage } from '../../main/protocol/epoch-record'
import { acceptEpoch, proposeEpoch } from '../../main/protocol/epochs'
import { decodeGenesis, makeGenesis } from '../../main/protocol/genesis'
import { deviceMessage, foundedList } from '../../main/protocol/membership'
import { makeNode } from '../../main/protocol/node'
import { readCircle, writeCircle } from '../../main/store/circle-file'
import { openFolder } from '../../main/store/files'
import { openTimelineStore } from '../../main/store/timeline-store'
import { TwofoldError } from '../../shared/errors'
import type { CallName, Input, Result } from '../../shared/ipc-contract'
import type { AppState, NodeId } from '../../shared/types'

/**
 * Fills a folder that nothing runs on with entries of its own device, signed and stored by the product's code, in one
 * transaction and as if written one a second up to now; their texts by id.
 */
export function fill(dir: string, entries: readonly string[]): Map<string, string> {
  const files = openFolder(dir)
  const identity = openIdentity(files, () => fileVault)!
  const { genesis, epochs } = readCircle(files, Date.now())!
  const circle = foundedList(decodeGenesis(crypto, fromHex(genesis))!).circle
  const store = openTimelineStore(dir, crypto)
  try {
    const posted = new Map<string, string>()
    const start = Date.now() - entries.length * 1000
    let below = store.at(identity.device, store.height(identity.device))
    const items = entries.map((text, i): StoreItem => {
      const node = makeNode(
        crypto,
        {
          circle,
          device: identity.device,
          seq: (below?.seq ?? 0) + 1,
          ...(below && { backlink: below.id }),
          timestamp: Math.max(start + i * 1000, below?.timestamp ?? 0),
          epoch: epochs.length,
          ...encodeContent({ kind: 'post', text }),
        },
        identity.signAsDevice,
      )
      below = node
      posted.set(node.id, text)
      return { node, origin: { from: null, how: 'own', tree: null }, arrival: null }
    })
    store.append(items, () => identity.member, Date.now())
    return posted
  } finally {
    store.close()
  }
}

/** Posts entries in a folder that nothing runs on; their texts by id. */
export async function postHere(dir: string, entries: readonly string[]): Promise<Map<string, string>> {
  const opened = await openHere(dir)
  try {
    const posted = new Map<string, string>()
    for (const text of entries) posted.set((await opened.call('entry.post', { text }))!.id, text)
    return posted
  } finally {
    await opened.close()
  }
}

/** What a round works in; gone when it is over. */
export function scratch(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'twofold-fault-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** `names.length` folders below `parent`, each a device on one list. The first is the founder's. */
export function makeFolders(parent: string, names: readonly string[]): string[] {
  const people = names.map((name) => {
    const dir = join(parent, name)
    const files = openFolder(dir)
    const identity = createIdentity(files, fileVault, name)
    confirmWords(files)
    return { dir, name, files, identity }
  })
  const founder = people[0]!
  const now = Date.now() - 86_400_000
  const genesis = makeGenesis(
    crypto,
    {
      name: 'Faults',
      founder: founder.identity.member,
      founderName: founder.name,
      founderDevice: founder.identity.device,
      approval: 'auto',
      jump: 0,
      timestamp: now,
      nonce: randomBytes(16),
    },
    founder.identity.signAsMember!,
  )
  let list = foundedList(genesis)
  const epochs: Uint8Array[] = []
  if (people.length > 1) {
    const changes = people.slice(1).map(({ name, identity: { member, device, signAsMember } }) => ({
      type: 'admit-member' as const,
      member,
      name,
      device,
      certificate: signAsMember!(deviceMessage(list.circle, member, device)),
      invite: null,
    }))
    const proposed = proposeEpoch(crypto, list, changes, now + 1)
    if (!proposed.ok) throw new Error(proposed.code)
    const ballot = { round: 0, by: founder.identity.device }
    const signature = founder.identity.signAsDevice(epochMessage(list.circle, proposed.proposal.id, ballot))
    const record = certifyEpoch(proposed.proposal, ballot, [{ signer: founder.identity.device, signature }])
    const accepted = acceptEpoch(crypto, list, record)
    if (!accepted.ok) throw new Error(accepted.code)
    epochs.push(record.bytes)
    ;({ list } = accepted)
  }
  const secret = toHex(randomBytes(32))
  for (const { files } of people)
    writeCircle(files, {
      version: 1,
      genesis: toHex(genesis.bytes),
      epochs: epochs.map(toHex),
      secrets: [secret],
      invites: [],
      wants: [],
      provisional: false,
      mustCatchUp: false,
    })
  return people.map(({ dir }) => dir)
}

const PAGE = 500

export interface OpenedFolder {
  call<K extends CallName>(name: K, input: Input<K>): Promise<Result<K>>
  close(): Promise<void>
}
/** Opens a folder in this process, without network, by the code that the command line opens it with, on this thread alone. */
export async function openHere(dir: string): Promise<OpenedFolder> {
  const { backend, close } = await assemble({ dir, vault: fileVault, vaultOf: () => fileVault, online: false })
  return {
    async call<K extends CallName>(name: K, input: Input<K>): Promise<Result<K>> {
      const reply = await dispatch(backend.handlers, name, input, (during, error) => {
        throw new Error(`${during}: ${error instanceof Error ? error.stack : String(error)}`)
      })
      if (!reply.ok) throw new TwofoldError(reply.code, {}, reply.message)
      return reply.value as Result<K>
    },
    close,
  }
}

/** Everything that a folder shows, oldest stored first, page by page: texts by id. */
export async function texts(opened: OpenedFolder): Promise<Map<NodeId, string>> {
  const { viewId, total } = await opened.call('view.open', { scope: { type: 'everyone' }, order: 'reached' })
  const rows: [NodeId, string][] = []
  for (let start = 0; start < total; start += PAGE) {
    const window = await opened.call('view.window', { viewId, start, count: PAGE })
    rows.push(...window.rows.map((row): [NodeId, string] => [row.id, row.text ?? '']))
  }
  await opened.call('view.close', { viewId })
  return new Map(rows.reverse())
}

export interface Judged {
  state: AppState
  ids: NodeId[]
}

/**
 * The folder opens, every stored node passes every check, and each of `acknowledged` is among them. Throws with what is
 * wrong. `write`: that its timeline can be continued, where nothing stands against it. `nodes`: how many were answered for,
 * reactions and edits included.
 */
export async function judge(dir: string, acknowledged: Iterable<string>, write = true, nodes = 0): Promise<Judged> {
  const opened = await openHere(dir)
  try {
    const state = await opened.call('state.get', {})
    const ids = [...(await texts(opened)).keys()]
    const here = new Set<string>(ids)
    const lost = [...acknowledged].filter((id) => !here.has(id))
    if (lost.length) throw new Error(`${lost.length} acknowledged entries are gone, the first is ${lost[0]}`)
    const verified = await opened.call('store.verify', {})
    const { checked } = verified
    // Written while a clock was ahead of this machine's.
    const bad = verified.bad.filter(({ code }) => code !== 'TIMESTAMP_AHEAD')
    if (bad.length) throw new Error(`${bad.length} of ${checked} nodes do not verify: ${bad[0]!.code} ${bad[0]!.id}`)
    if (checked < nodes) throw new Error(`${nodes} nodes were acknowledged, ${checked} are here`)
    if (write) {
      const row = await opened.call('entry.post', { text: 'after the fault' })
      if (!row) throw new Error('what was written after the fault was held back')
      ids.push(row.id)
    }
    return { state, ids }
  } finally {
    await opened.close()
  }
}

/** What a kill left, judged on a copy, so that the folder itself is as the kill left it for whatever comes next. */
export async function judgeCopy(dir: string, acknowledged: Iterable<string>, nodes = 0): Promise<Judged> {
  const copy = `${dir}-looked-at`
  cpSync(dir, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') })
  try {
    return await judge(copy, acknowledged, true, nodes)
  } finally {
    rmSync(copy, { recursive: true })
  }
}
