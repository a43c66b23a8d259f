// The commands of the command line, as one table: what each takes, what it says about itself, and what it does with a
// session. Output for people goes to stdout as text; with --json it is one JSON value a line.
import { TwofoldError, sentence } from '../../shared/errors'
import type { AppState, DeviceKey, InviteId, Row } from '../../shared/types'
import { joinSentence } from '../peer/joining'
import {
  UsageError,
  columns,
  emit,
  memberNamed,
  number,
  presence,
  printable,
  rowJson,
  text,
  when,
  whole,
  type Call,
  type Command,
  type Io,
} from './command'
import { keptOutLine, keptOutNamed } from './conduct-words'
import { entryCommands } from './entry-commands'
import { arrivalSentence, demotedLine, holderRows, holdersSentence, lastMinute, liveJson } from './forwarding-words'
import { seed } from './seed-command'
import { simulateCommand } from './simulate'
import { simulateAgreementCommand } from './simulate-agreement'
import type { Session } from './session'

/** How long `join` waits for the first entries after it was let in. */
const FIRST_SYNC_MS = 10_000

/** Waits until `done` says so of a state; the current state counts. */
async function waitForState(
  session: Session,
  io: Io,
  done: (state: AppState) => boolean,
  timeoutMs: number | null,
): Promise<AppState | null> {
  let off = () => {}
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<AppState | null>((resolve, reject) => {
      const look = (state: AppState) => {
        try {
          if (done(state)) resolve(state)
        } catch (error) {
          reject(error)
        }
      }
      off = session.on('state', look)
      session.call('state.get', {}).then(look, reject)
      if (timeoutMs !== null) timer = setTimeout(() => resolve(null), timeoutMs)
      void io.interrupted.then(() => resolve(null))
      void session.gone.then(() => reject(new TwofoldError('NOT_RUNNING')))
    })
  } finally {
    off()
    clearTimeout(timer)
  }
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
  'circle create': {
    usage: 'circle create --name NAME',
    about: 'Found a circle',
    details:
      'How entries travel is part of the founding record and stays as it is. With --jump 0 every device hands entries to few, fixed neighbours: links are few and kept, and one silent device breaks at most one of the two ways to anybody. With 1 to 3 each entry draws its own way over the whole ring: nobody stands in the same place twice, at the price of links that come and go. 1 draws most freely, 3 nearest to the middle, for the shortest ways.',
    examples: [
      'twofold circle create --name Family',
      'twofold circle create --name Lab --approval ask',
      'twofold circle create --name Fleet --jump 2',
    ],
    flags: {
      name: { type: 'string', about: 'name of the circle' },
      approval: { type: 'string', about: 'auto (default): an invite lets in; ask: each newcomer waits for an admin' },
      jump: { type: 'string', about: '0 (default): fixed neighbours; 1 to 3: each entry finds its own way' },
    },
    args: [0, 0],
    async run(call) {
      const name = text(call, 'name')
      if (name === undefined) throw new UsageError('--name is needed')
      const approval = text(call, 'approval') ?? 'auto'
      if (approval !== 'auto' && approval !== 'ask') throw new UsageError('--approval is auto or ask')
      const jump = whole(call, 'jump') ?? 0
      if (jump !== 0 && jump !== 1 && jump !== 2 && jump !== 3) throw new UsageError('--jump is 0, 1, 2 or 3')
      await call.session.call('circle.create', { name, approval, jump })
      const { circle } = await call.session.call('state.get', {})
      emit(
        call,
        { id: circle?.id, name: circle?.name, approval, jump },
        `${circle?.name} is founded. Invite somebody: twofold invite`,
      )
    },
  },
  invite: {
    usage: 'invite',
    about: 'Make an invite and print its link',
    details:
      'Whoever joins with it finds this device by itself on the same network, or over the internet. A Twofold has to be running here then.',
    examples: ['twofold invite', 'twofold invite --uses 10 --hours 24', 'twofold invite --words'],
    flags: {
      uses: { type: 'string', about: 'how many may join with it (default 1)' },
      hours: { type: 'string', about: 'how long it is valid (default 72)' },
      words: { type: 'boolean', about: 'print its 12 words too' },
    },
    args: [0, 0],
    async run(call) {
      const invite = await call.session.call('invite.create', {
        hours: number(call, 'hours') ?? 72,
        uses: whole(call, 'uses') ?? 1,
      })
      const { id, link, words, expiresAt, usesMax } = invite
      emit(call, { id, link, words, expiresAt, usesMax }, call.flags.words ? `${link}\n${words}` : link)
      if (!call.session.attached && !call.json)
        call.io.err('To let people in, keep a window or `twofold peer` running on this folder.')
    },
  },
  invites: {
    usage: 'invites',
    about: 'List invites',
    examples: ['twofold invites'],
    args: [0, 0],
    async run(call) {
      const { circle } = await call.session.call('state.get', {})
      if (!circle) throw new TwofoldError('CIRCLE_MISSING')
      if (call.json) for (const invite of circle.invites) call.io.out(JSON.stringify(invite))
      else
        call.io.out(
          columns([
            ['ID', 'STATE', 'USED', 'EXPIRES'],
            ...circle.invites.map((i) => [i.id, i.state, `${i.used}/${i.usesMax}`, when(i.expiresAt)]),
          ]),
        )
    },
  },
  revoke: {
    usage: 'revoke INVITE',
    about: 'Withdraw an invite',
    examples: ['twofold revoke 4f0c…'],
    args: [1, 1],
    async run(call) {
      await call.session.call('invite.revoke', { id: call.args[0] as InviteId })
      emit(call, { revoked: call.args[0] }, 'Withdrawn.')
    },
  },
  join: {
    usage: 'join LINK',
    about: 'Join a circle with an invite link or its 12 words',
    examples: ['twofold join twofold://join/…', 'twofold join "legal winner thank …" --timeout 60'],
    flags: { timeout: { type: 'string', about: 'give up after this many seconds (default: never)' } },
    args: [1, 12],
    online: true,
    async run(call) {
      const { session, io } = call
      const seconds = number(call, 'timeout')
      const before = await session.call('state.get', {})
      if (!before.me) throw new TwofoldError('IDENTITY_MISSING')
      await session.call('circle.join', { link: call.args.join(' ') })
      let told = ''
      let detail = ''
      let waitingFor = ''
      const joined = await waitForState(
        session,
        io,
        (state) => {
          const { phase } = state
          if (phase.phase === 'joining') {
            const now = joinSentence(phase.state)
            detail = phase.state.step === 'searching' ? phase.state.detail : now
            waitingFor = phase.state.step === 'waiting-for-approval' ? phase.state.by : ''
            if (now !== told) {
              told = now
              if (!call.json) io.err(now)
              // Whoever types words here has said yes already; who invites is printed above.
              if (phase.state.step === 'confirm') void session.call('circle.joinConfirm', {})
            }
          }
          if (phase.phase === 'no-circle') {
            const alert = state.alerts.find((a) => a.severity === 'error')
            if (alert) throw new TwofoldError(alert.code as never, {}, alert.text)
          }
          return phase.phase === 'circle'
        },
        seconds === undefined ? null : seconds * 1000,
      )
      if (!joined && waitingFor) throw new TwofoldError('APPROVAL_PENDING', { by: waitingFor })
      if (!joined) throw new TwofoldError('INVITER_UNREACHABLE', { detail: detail || 'time is up.' })
      const synced = await waitForState(
        session,
        io,
        (state) => state.sync.compared && state.sync.missing === 0,
        FIRST_SYNC_MS,
      )
      const state = synced ?? joined
      emit(
        call,
        {
          circle: state.circle?.id,
          name: state.circle?.name,
          members: state.circle?.members.length,
          entries: state.sync.have,
        },
        `You are in ${state.circle?.name}. ${state.circle?.members.length} members; ${state.sync.have} entries are here so far.`,
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
  ...entryCommands,
  seed,
  members: {
    usage: 'members',
    about: 'List members and their devices',
    examples: ['twofold members', 'twofold members --json'],
    args: [0, 0],
    async run(call) {
      const { members } = await call.session.call('members.list', {})
      if (call.json) {
        for (const member of members) call.io.out(JSON.stringify(member))
        return
      }
      const rows = members.map((m) => [
        m.name + (m.me ? ' (you)' : ''),
        m.removed ? 'removed' : m.role,
        presence(m.presence, call.io.now()),
        String(m.entries),
        m.key.slice(0, 12),
      ])
      call.io.out(columns([['NAME', 'ROLE', 'PRESENCE', 'ENTRIES', 'KEY'], ...rows]))
    },
  },
  remove: {
    usage: 'remove MEMBER',
    about: 'Remove a member (admins): cuts all their devices off at once',
    details:
      'They keep what they have received. Nothing that they write later is accepted, and everybody else gets a new circle secret. Invites that are open end with it. With several admins the others have to agree first.',
    examples: ['twofold remove Bob'],
    args: [1, 1],
    online: true,
    async run(call) {
      const { members } = await call.session.call('members.list', {})
      const member = memberNamed(members, call.args[0]!)
      agreed(call, await call.session.call('member.remove', { member: member.key }), `${member.name} was removed.`, {
        removed: member.key,
      })
    },
  },
  promote: {
    usage: 'promote MEMBER',
    about: 'Make a member an admin (admins)',
    details:
      'More than half of the admins must agree to every change of the list. With two both are needed, each with the device that has been on the list longest; with three any two.',
    examples: ['twofold promote Bob'],
    args: [1, 1],
    online: true,
    run: (call) => setRole(call, 'admin'),
  },
  demote: {
    usage: 'demote MEMBER',
    about: 'Make an admin a plain member (admins)',
    examples: ['twofold demote Bob'],
    args: [1, 1],
    online: true,
    run: (call) => setRole(call, 'member'),
  },
  'remove-device': {
    usage: 'remove-device DEVICE',
    about: 'Remove one device (lost or stolen): your own, or any as an admin',
    details:
      'DEVICE is the beginning of its key, at least 8 digits; `members --json` lists them. What it wrote until now stays.',
    examples: ['twofold remove-device 3fa94c01'],
    args: [1, 1],
    online: true,
    async run(call) {
      const device = await deviceNamed(call)
      agreed(call, await call.session.call('device.remove', { device }), 'The device was removed.', { removed: device })
    },
  },
  leave: {
    usage: 'leave',
    about: 'Leave the circle',
    details: 'You keep what is here, readable. Your entries stay with the others. Coming back needs an approval.',
    examples: ['twofold leave'],
    args: [0, 0],
    online: true,
    async run(call) {
      agreed(call, await call.session.call('circle.leave', {}), 'You have left the circle.', {})
    },
  },
  changes: {
    usage: 'changes',
    about: 'Print the log of the member list, what waits for whom, and who has not heard',
    examples: ['twofold changes', 'twofold changes --json'],
    args: [0, 0],
    async run(call) {
      const { circle } = await call.session.call('state.get', {})
      if (!circle) throw new TwofoldError('CIRCLE_MISSING')
      const { changes, wants, waitingFor, notHeard } = circle
      if (call.json) {
        call.io.out(JSON.stringify({ epoch: circle.epoch, changes, wants, waitingFor, notHeard }))
        return
      }
      for (const want of wants)
        call.io.out(`waiting  ${want.text}${waitingFor.length ? `: ${waitingFor.join(' or ')} must agree` : ''}`)
      if (notHeard.length) call.io.out(`not heard of version ${circle.epoch} yet: ${notHeard.join(', ')}`)
      for (const c of changes)
        call.io.out(
          `${String(c.epoch).padStart(4)}  ${when(c.timestamp)}  ${c.text} Agreed by ${c.agreedBy.join(', ')}.`,
        )
    },
  },
  renew: {
    usage: 'renew',
    about: 'Make this folder a new device, after its key was found alive elsewhere',
    details:
      'For a copied folder or an old backup (DEVICE_COPIED). What is here is put aside, nothing is deleted; then join again with an invite by any member, and your entries come back from the circle.',
    examples: ['twofold renew && twofold join twofold://join/…'],
    args: [0, 0],
    async run(call) {
      await call.session.call('device.renew', {})
      emit(
        call,
        { renewed: true },
        'This folder has a new device key. Next: twofold join LINK, with an invite by any member.',
      )
    },
  },
  recover: {
    usage: 'recover',
    about: 'As the only admin: put this restored device in the place of all your lost ones',
    details:
      'Only if none of your other devices works any more: all of them are taken off the list. Your 24 words vouch for it.',
    examples: ['twofold recover'],
    args: [0, 0],
    online: true,
    async run(call) {
      await call.session.call('circle.recover', {})
      // The record has to reach somebody before this process ends.
      await waitForState(
        call.session,
        call.io,
        (s) => s.network.links.length > 0 && !s.circle?.notHeard.length,
        FIRST_SYNC_MS,
      )
      emit(call, { recovered: true }, 'This device is in the place of your lost ones. You can let people in again.')
    },
  },
  'fork-proof': {
    usage: 'fork-proof DEVICE',
    about: 'Export the proof that a device signed two different entries for one place',
    examples: ['twofold fork-proof 3fa94c01 > fork.twofold && twofold verify fork.twofold'],
    flags: { out: { type: 'string', about: 'write to this file' } },
    args: [1, 1],
    async run(call) {
      const { content } = await call.session.call('device.forkProof', { device: await deviceNamed(call) })
      const file = text(call, 'out')
      if (file === undefined) call.io.out(content.trimEnd())
      else call.io.writeFile(file, content)
    },
  },
  'simulate agreement': simulateAgreementCommand,
  requests: {
    usage: 'requests',
    about: 'List requests to join that wait for approval',
    examples: ['twofold requests'],
    args: [0, 0],
    async run(call) {
      const { circle } = await call.session.call('state.get', {})
      if (!circle) throw new TwofoldError('CIRCLE_MISSING')
      if (call.json) for (const request of circle.requests) call.io.out(JSON.stringify(request))
      else if (!circle.requests.length) call.io.err('Nobody waits.')
      else
        call.io.out(columns([['NAME', 'ASKED', 'ID'], ...circle.requests.map((r) => [r.name, when(r.askedAt), r.id])]))
    },
  },
  approve: {
    usage: 'approve ID',
    about: 'Let somebody in who asked to join (an id of `requests`, or a name)',
    examples: ['twofold approve Carol'],
    args: [1, 1],
    online: true,
    run: (call) => decide(call, 'request.approve', 'is in.'),
  },
  decline: {
    usage: 'decline ID',
    about: 'Decline a request to join',
    examples: ['twofold decline Mallory'],
    args: [1, 1],
    online: true,
    run: (call) => decide(call, 'request.refuse', 'was declined.'),
  },
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
      const { circle } = await call.session.call('state.get', {})
      const live = circle && (await call.session.call('network.live', {}))
      if (call.json) {
        call.io.out(JSON.stringify({ ...network, ...(live && { live: liveJson(live) }) }))
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
    about: 'Check every entry of this folder again, or a proof file',
    examples: ['twofold verify', 'twofold verify entry.twofold'],
    args: [0, 1],
    alone({ io, json, args: [file] }) {
      if (file !== undefined) verifyFile(io, file, json)
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

/** `verify FILE` needs no folder: the file brings all that it takes. */
function verifyFile(io: Io, file: string, json: boolean): void {
  for (const proof of io.proofsIn(io.readFile(file))) verifyProof(io, proof, json)
}

function verifyProof(io: Io, proof: string, json: boolean): void {
  const { circle, circleId, memberName, node, other, text: said, steps } = io.checkProof(proof)
  if (json) {
    io.out(
      JSON.stringify({
        ok: true,
        ...(other && { fork: { device: node.device, seq: node.seq, ids: [node.id, other.id] } }),
        id: node.id,
        memberName,
        circle,
        circleId,
        timestamp: node.timestamp,
        text: said,
        steps: steps.map(({ id, ok, sentence }) => ({ id, ok, sentence })),
      }),
    )
    return
  }
  if (other)
    io.out(
      `The proof holds: a device of ${memberName} in the circle ${circle} signed two different entries number ${node.seq}.\n  Device ${node.device}\n  ${node.id}  ${when(node.timestamp)}\n  ${other.id}  ${when(other.timestamp)}`,
    )
  else io.out(`The proof holds: written by ${memberName} in the circle ${circle}, ${when(node.timestamp)}.`)
  if (said !== null) io.out(printable(said).replace(/^/gm, '  > '))
  for (const step of steps) io.out(`  ${step.ok ? '✓' : '✗'} ${step.sentence}`)
  io.out(
    `Circle id: ${circleId}\nCompare it with the circle's own, if you know it: anybody can found a circle of the same name.`,
  )
}

/** Done, or waiting for other admins: said either way. */
function agreed(call: Call, { waitingFor }: { waitingFor: string[] }, done: string, value: object): void {
  const waits = sentence('ADMINS_NEEDED', { waitingFor: waitingFor.join(' or ') })
  emit(call, { ...value, waitingFor }, waitingFor.length ? waits : done)
}

async function setRole(call: Call, role: 'admin' | 'member'): Promise<void> {
  const { members } = await call.session.call('members.list', {})
  const member = memberNamed(members, call.args[0]!)
  const done = role === 'admin' ? `${member.name} is an admin.` : `${member.name} is no longer an admin.`
  agreed(call, await call.session.call('member.role', { member: member.key, role }), done, { member: member.key, role })
}

async function deviceNamed(call: Call): Promise<DeviceKey> {
  const given = call.args[0]!
  const { members } = await call.session.call('members.list', {})
  const found = members.flatMap((m) => m.devices).filter((d) => given.length >= 8 && d.key.startsWith(given))
  if (found.length === 0) throw new TwofoldError('DEVICE_UNKNOWN')
  if (found.length > 1) throw new UsageError('several devices begin like this; give more of the key')
  return found[0]!.key
}

async function decide(call: Call, name: 'request.approve' | 'request.refuse', what: string): Promise<void> {
  const { circle } = await call.session.call('state.get', {})
  if (!circle) throw new TwofoldError('CIRCLE_MISSING')
  const found = circle.requests.filter((r) => r.id === call.args[0] || r.name === call.args[0])
  if (!found.length) throw new TwofoldError('REQUEST_UNKNOWN')
  if (found.length > 1) throw new UsageError('several people of that name ask; give the id')
  await call.session.call(name, { id: found[0]!.id })
  emit(call, { id: found[0]!.id }, `${found[0]!.name} ${what}`)
}
