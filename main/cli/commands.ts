// The commands of the command line, as one table: what each takes, what it says about itself, and what it does with a
// session. Output for people goes to stdout as text; with --json it is one JSON value a line.
import { TwofoldError, sentence } from '../../shared/errors'
import type { Row, SyncView } from '../../shared/types'
import { UsageError, columns, emit, rowJson, text, type Command } from './command'
import { circleCommands } from './circle-commands'
import { keptOutLine, keptOutNamed } from './conduct-words'
import { doctor } from './doctor-command'
import { entryCommands } from './entry-commands'
import { arrivalSentence, demotedLine, holderRows, holdersSentence, lastMinute, liveJson } from './forwarding-words'
import { memberCommands } from './member-commands'
import { seed } from './seed-command'
import { simulateCommand } from './simulate'
import { simulateAgreementCommand } from './simulate-agreement'
import { simulateChangesCommand } from './simulate-changes'
import { storageCommands } from './storage-commands'
import { verifyFile } from './verify-file'

/** What is missing, who brings it, how fast and how long still, or who keeps it waiting. */
function syncLine({ missing, from, perSecond = 0, stalled }: SyncView): string {
  const pace = perSecond ? `, ${perSecond} a second, about ${Math.ceil(missing / perSecond)} s left` : ''
  const wait = stalled
    ? `; ${stalled.from} does not answer, somebody else is asked in ${Math.ceil(stalled.againInMs / 1000)} s`
    : ''
  return `${missing} entries still to come${from === null ? '' : ` from ${from}`}${pace}${wait}`
}

export const commands: Readonly<Record<string, Command>> = {
  init: {
    usage: 'init --name NAME',
    about: 'Make an identity in this folder',
    details:
      'Prints 24 words. Whoever has them is you: write them down and keep them off this machine. They are not shown again.\nKeys are kept by a passphrase if TWOFOLD_PASSPHRASE is set, else in keys.json, readable by your user only.\nWith --restore the 24 words are read from standard input; this device gets a new key of its own.',
    examples: ['twofold init --name Ann', 'twofold init --name Ann --restore < words.txt'],
    flags: {
      name: { type: 'string', about: 'your name, as the circle sees it' },
      restore: { type: 'boolean', about: 'become a member that exists, from 24 words on standard input' },
    },
    args: [0, 0],
    async run(call) {
      const { session, io } = call
      const name = text(call, 'name')
      if (name === undefined) throw new UsageError('--name is needed')
      const before = await session.call('state.get', {})
      if (before.me && before.phase.phase !== 'confirm-words') throw new TwofoldError('IDENTITY_EXISTS')
      let words: string[] | null = null
      if (call.flags.restore) await session.call('identity.restore', { name, words: await io.readInput() })
      else {
        ;({ words } = await session.call('identity.create', { name }))
        const { phase } = await session.call('state.get', {})
        // Nobody can be asked here; the words are in the output once.
        if (phase.phase === 'confirm-words')
          await session.call('identity.confirm', { words: phase.ask.map((position) => words![position - 1]!) })
      }
      const { me, keysKeptBy } = await session.call('state.get', {})
      if (call.json)
        io.out(
          JSON.stringify({
            name: me?.name,
            member: me?.member,
            device: me?.device,
            keysKeptBy,
            ...(words && { words }),
          }),
        )
      else {
        if (words) {
          io.out('Your 24 recovery words. Write them down now; they are not shown again:\n')
          io.out(
            columns(
              [0, 1, 2, 3, 4, 5].map((r) =>
                [0, 1, 2, 3].map((c) => `${String(r * 4 + c + 1).padStart(2)} ${words[r * 4 + c]!}`),
              ),
            ),
          )
          io.out('')
        }
        io.out(`${me?.name} is ready. Next: twofold circle create --name NAME, or twofold join LINK`)
      }
      if (keysKeptBy === 'file')
        io.err(
          'The keys are in keys.json without encryption, readable by your user only. Set TWOFOLD_PASSPHRASE before init to encrypt them.',
        )
    },
  },
  post: {
    usage: 'post TEXT',
    about: 'Write an entry',
    details:
      'TEXT is markdown; - reads it from standard input; --lines makes every line of standard input an entry of its own.\nWhat is posted while nothing runs on this folder goes out when something next runs.',
    examples: ['twofold post "Tea is ready"', 'twofold post - < notes.md', 'tail -f events.log | twofold post --lines'],
    flags: {
      lines: { type: 'boolean', about: 'one entry for each line of standard input' },
      'reply-to': { type: 'string', about: 'id of the entry that this answers' },
    },
    args: [0, 1],
    async run(call) {
      const { session, io } = call
      const replyTo = text(call, 'reply-to')
      const post = async (body: string) => {
        const row = await session.call('entry.post', {
          text: body,
          ...(replyTo !== undefined && { replyTo: replyTo as Row['id'] }),
        })
        if (row) emit(call, rowJson(row), row.id)
        else emit(call, { held: true }, sentence('HELD'))
      }
      if (call.flags.lines) {
        for await (const line of io.inputLines()) if (line.trim()) await post(line)
        return
      }
      const [given] = call.args
      if (given === undefined) throw new UsageError('TEXT is needed (or - for standard input)')
      await post(given === '-' ? await io.readInput() : given)
    },
  },
  ...circleCommands,
  ...memberCommands,
  ...entryCommands,
  ...storageCommands,
  seed,
  'simulate agreement': simulateAgreementCommand,
  'simulate changes': simulateChangesCommand,
  peers: {
    usage: 'peers',
    about:
      'Show the connections of the Twofold that runs on this folder, their traffic, and devices that are demoted or kept out',
    details:
      'Times are UTC. A demoted device gets every entry; others do not count on it to hand any on. With one that is kept out there is no connection for a while.',
    examples: ['twofold peers', 'twofold peers --json'],
    args: [0, 0],
    async run(call) {
      const network = await call.session.call('network.get', {})
      const { circle, sync } = await call.session.call('state.get', {})
      const live = circle && (await call.session.call('network.live', {}))
      if (call.json) {
        call.io.out(JSON.stringify({ ...network, ...(live && { live: liveJson(live) }), sync }))
        return
      }
      if (!call.session.attached)
        call.io.err('Nothing runs on this folder, so there are no connections. Start one: twofold peer')
      else if (!network.links.length) call.io.err('No connection yet.')
      else {
        const minute = (device: string) => {
          const { received, sent } = lastMinute(
            live?.peers.find((peer) => peer.device === device) ?? { sent: [], received: [] },
          )
          return `${received}/${sent}`
        }
        const rows = network.links.map((l) => [
          l.memberName,
          l.path,
          l.address,
          l.srttMs === null ? '–' : `${Math.round(l.srttMs)} ms`,
          `${l.bytesIn}/${l.bytesOut}`,
          minute(l.device),
        ])
        call.io.out(
          columns([['MEMBER', 'PATH', 'ADDRESS', 'ROUND TRIP', 'BYTES IN/OUT', 'LAST MINUTE IN/OUT'], ...rows]),
        )
      }
      if (sync.missing) call.io.out(syncLine(sync))
      for (const demotion of live?.demoted ?? []) call.io.out(demotedLine(demotion))
      for (const one of network.keptOut) call.io.out(keptOutLine(one))
      for (const problem of network.problems) call.io.err(`${problem.code}: ${problem.text}`)
    },
  },
  readmit: {
    usage: 'readmit NAME|KEY',
    about: 'Take connections with a device that is kept out again, before its time is over',
    details: '`twofold peers` lists who is kept out, and why. KEY is the first digits of the device.',
    examples: ['twofold readmit Mallory'],
    args: [1, 1],
    async run(call) {
      const { keptOut } = await call.session.call('network.get', {})
      const device = keptOutNamed(keptOut, call.args[0]!)
      await call.session.call('network.readmit', { device })
      emit(call, { readmitted: device }, 'Let in again.')
    },
  },
  doctor,
  address: {
    usage: 'address add|remove HOST:PORT',
    about: 'Dial an address given by hand, where the network blocks multicast',
    examples: ['twofold address add 192.168.1.20:49737'],
    args: [2, 2],
    async run(call) {
      const [verb, address] = call.args as [string, string]
      if (verb !== 'add' && verb !== 'remove')
        throw new UsageError('address add HOST:PORT, or address remove HOST:PORT')
      await call.session.call(verb === 'add' ? 'network.addAddress' : 'network.removeAddress', { address })
      emit(call, { [verb === 'add' ? 'added' : 'removed']: address }, verb === 'add' ? 'Added.' : 'Removed.')
    },
  },
  peer: {
    usage: 'peer',
    about: 'Run an always-on peer on this folder until it is interrupted',
    examples: ['twofold peer', 'twofold peer --data /srv/twofold --json'],
    args: [0, 0],
    online: true,
    async run(call) {
      const { session, io } = call
      if (session.attached) throw new TwofoldError('FOLDER_IN_USE')
      const state = await session.call('state.get', {})
      if (!state.me) throw new TwofoldError('IDENTITY_MISSING')
      if (!state.circle && state.phase.phase !== 'joining') throw new TwofoldError('CIRCLE_MISSING')
      let told = ''
      const off = session.on('state', ({ circle, sync, network }) => {
        const names = network.links.map((l) => l.memberName).sort()
        const value = {
          circle: circle?.name ?? null,
          port: network.port,
          peers: names,
          entries: sync.have,
          missing: sync.missing,
        }
        const line = call.json
          ? JSON.stringify(value)
          : `${value.entries} entries${value.missing ? `, ${value.missing} on their way` : ''}; ${names.length ? `connected with ${names.join(', ')}` : 'nobody connected'}`
        if (line !== told) io.out((told = line))
      })
      io.err(
        `Twofold peer of ${state.me.name} in ${state.circle?.name ?? 'no circle yet'}; folder ${state.dataDir}. Ctrl-C ends it.`,
      )
      await io.interrupted
      off()
    },
  },
  route: {
    usage: 'route ID',
    about: 'Show the two trees that an entry travels, and who handed it to this device when',
    details:
      'Anybody can work the route out again from the member list: it depends on its author and number, not on its text.\nHop 1 is from the author. Times are UTC, by this device’s clock.',
    examples: ['twofold route 3fa9…', 'twofold route 3fa9… --json'],
    args: [1, 1],
    async run(call) {
      const { route } = await call.session.call('entry.inspect', { id: call.args[0] as Row['id'] })
      if (call.json) {
        call.io.out(JSON.stringify(route))
        return
      }
      for (const { tree, path } of route.trees) {
        const hops = path.map((hop) => hop.memberName).join(' → ')
        call.io.out(`Tree ${tree === 0 ? 'A' : 'B'}: ${hops || 'this device was not on the list when it was written'}`)
      }
      const arrival = arrivalSentence(route)
      if (arrival !== null) call.io.out(arrival)
      if (route.acknowledgedBy.length) call.io.out(`Acknowledged by ${route.acknowledgedBy.join(', ')}.`)
    },
  },
  holders: {
    usage: 'holders ID',
    about: 'Show who has signed that they hold an entry, and export the proof with their signatures',
    details:
      'Each device signs every few seconds that it holds and has verified everything up to a time (UTC). Of those that are “not known” no such signature is here yet: they may well hold the entry.\nWith --export the proof file brings the signatures along; twofold verify FILE checks them anywhere.',
    examples: ['twofold holders 3fa9…', 'twofold holders 3fa9… --export entry.twofold'],
    flags: { export: { type: 'string', about: 'write the proof with all signatures to this file' } },
    args: [1, 1],
    async run(call) {
      const id = call.args[0] as Row['id']
      const holders = await call.session.call('entry.holders', { id })
      const file = text(call, 'export')
      if (file !== undefined)
        call.io.writeFile(file, (await call.session.call('entry.proof', { id, holders: true })).content)
      if (call.json) call.io.out(JSON.stringify({ ...holders, ...(file !== undefined && { exported: file }) }))
      else
        call.io.out(
          `${holdersSentence(holders)}\n${columns([['MEMBER', 'HOLDS IT', 'DEVICE'], ...holderRows(holders)])}`,
        )
    },
  },
  proof: {
    usage: 'proof ID',
    about: 'Export the proof of an entry as a file that anybody can verify',
    examples: ['twofold proof 3fa9… > entry.twofold', 'twofold proof 3fa9… --out entry.twofold'],
    flags: { out: { type: 'string', about: 'write to this file' } },
    args: [1, 1],
    async run(call) {
      const { content } = await call.session.call('entry.proof', { id: call.args[0] as Row['id'] })
      const file = text(call, 'out')
      if (file === undefined) call.io.out(content.trimEnd())
      else call.io.writeFile(file, content)
    },
  },
  verify: {
    usage: 'verify [FILE]',
    about: 'Check every entry of this folder again, or a proof, archive or export file',
    details: 'A file needs no folder: it brings all that it takes to check it.',
    examples: ['twofold verify', 'twofold verify entry.twofold', 'twofold verify lab.twofold-archive'],
    args: [0, 1],
    async alone(call) {
      const [file] = call.args
      if (file !== undefined) await verifyFile(call, file)
      return file !== undefined
    },
    async run(call) {
      const { checked, bad } = await call.session.call('store.verify', {})
      emit(
        call,
        { checked, bad },
        bad.length ? `${bad.length} of ${checked} entries do not hold:` : `All ${checked} entries hold.`,
      )
      if (!bad.length) return
      if (!call.json) for (const { id, code } of bad) call.io.out(`${id}  ${code}`)
      throw new TwofoldError('PROOF_FALSE', { detail: `${bad.length} stored entries.` })
    },
  },
  simulate: simulateCommand,
  state: {
    usage: 'state',
    about: 'Print everything that a window would show, as JSON',
    examples: ['twofold state'],
    args: [0, 0],
    run: async (call) => call.io.out(JSON.stringify(await call.session.call('state.get', {}))),
  },
}
