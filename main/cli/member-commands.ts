// The commands about the member list: who is on it, changing it, and what becomes of devices that are lost, copied or forked.
import { TwofoldError, sentence } from '../../shared/errors'
import type { DeviceKey, ListChange } from '../../shared/types'
import { UsageError, columns, emit, memberNamed, presence, text, when, type Call, type Command } from './command'
import { waitForState } from './wait-for-state'

type Words = Readonly<Record<ListChange['what'], (name: string) => string>>
const DONE: Words = {
  joined: (name) => `${name} joined.`,
  'device-added': (name) => `${name} added a device.`,
  removed: (name) => `${name} was removed.`,
  'device-removed': (name) => `A device of ${name} was removed.`,
  promoted: (name) => `${name} became an admin.`,
  demoted: (name) => `${name} is no longer an admin.`,
}
const WANTED: Words = {
  joined: (name) => `Let ${name} in`,
  'device-added': (name) => `Let in a device of ${name}`,
  removed: (name) => `Remove ${name}`,
  'device-removed': (name) => `Remove a device of ${name}`,
  promoted: (name) => `Make ${name} an admin`,
  demoted: (name) => `Make ${name} a plain member`,
}

/** What a change does and cannot undo, said before it is asked for; somebody at a terminal can still say no. */
async function warned({ io, json }: Call, ...sentences: string[]): Promise<void> {
  if (!json) for (const line of sentences) io.err(line)
  if (!(await io.agrees('Go on?'))) throw new TwofoldError('CANCELLED')
}

/** How long a record is waited for to reach somebody. */
const REACHES_MS = 10_000

export const memberCommands: Readonly<Record<string, Command>> = {
  members: {
    usage: 'members',
    about: 'List members and their devices',
    details:
      'Devices are listed where a member has several, or where one was stopped. An admin votes with one device. --json tells all.',
    examples: ['twofold members', 'twofold members --json'],
    args: [0, 0],
    async run(call) {
      const { members } = await call.session.call('members.list', {})
      if (call.json) {
        for (const member of members) call.io.out(JSON.stringify(member))
        return
      }
      const now = call.io.now()
      const rows = members.flatMap((m) => [
        [
          m.name + (m.me ? ' (you)' : ''),
          m.removed ? 'removed' : m.role,
          presence(m.presence, now),
          String(m.entries),
          m.key.slice(0, 12),
        ],
        ...(m.devices.length > 1 || m.devices.some((d) => d.forkedAt !== null)
          ? m.devices.map((d) => [
              '  device',
              d.removed ? 'removed' : d.forkedAt !== null ? `stopped at ${d.forkedAt}` : d.votes ? 'votes' : '',
              presence(d.presence, now),
              String(d.height),
              d.key.slice(0, 12),
            ])
          : []),
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
      await warned(
        call,
        `${member.name} gets no new entries from now on, and nothing that ${member.name} writes later is accepted.`,
        'What they have received stays with them; their entries up to now stay readable for everybody.',
        'Open invites end, and everybody else gets a new circle secret.',
      )
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
      await warned(
        call,
        'What the device wrote until now stays; nothing that it writes later is accepted, and it cannot come back.',
        'What is on it stays on it. Everybody else gets a new circle secret.',
      )
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
      await warned(
        call,
        'You write no more here, and get nothing new. What is on your devices stays there, readable.',
        'Your entries up to now stay with the others. Coming back needs an invite and the yes of an admin.',
      )
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
      const { changes, wants, waitingFor, notHeard, notSeen } = circle
      if (call.json) {
        call.io.out(JSON.stringify({ epoch: circle.epoch, changes, wants, waitingFor, notHeard, notSeen }))
        return
      }
      for (const want of wants)
        call.io.out(
          `waiting  ${WANTED[want.what](want.name)}${waitingFor.length ? `: ${waitingFor.join(' or ')} must agree` : ''}`,
        )
      if (notHeard.length) call.io.out(`not heard of version ${circle.epoch} yet: ${notHeard.join(', ')}`)
      if (notSeen.length) call.io.out(`not seen since version ${circle.epoch}: ${notSeen.join(', ')}`)
      for (const c of changes)
        call.io.out(
          `${String(c.epoch).padStart(4)}  ${when(c.timestamp)}  ${c.changes.map((change) => DONE[change.what](change.name)).join(' ') || `${c.agreedBy[0]} founded ${circle.name}.`} Agreed by ${c.agreedBy.join(', ')}.`,
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
      await warned(
        call,
        'Circle and timeline of this folder are put aside as *.copied-…, nothing is deleted. What it wrote that nobody else received is in there alone.',
      )
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
      await warned(
        call,
        'All other devices of yours are taken off the list for good; what they wrote that nobody else received is lost to the circle.',
      )
      await call.session.call('circle.recover', {})
      // The record has to reach somebody before this process ends.
      await waitForState(
        call.session,
        call.io,
        (s) => s.network.links.length > 0 && !s.circle?.notHeard.length,
        REACHES_MS,
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
}

/** Done, or waiting for other admins: said either way. */
function agreed(call: Call, { waitingFor }: { waitingFor: string[] }, done: string, value: object): void {
  const waits = sentence('ADMINS_NEEDED', { waitingFor: waitingFor.join(' or ') })
  emit(call, { ...value, waitingFor }, waitingFor.length ? waits : done)
}

async function setRole(call: Call, role: 'admin' | 'member'): Promise<void> {
  const { members } = await call.session.call('members.list', {})
  const member = memberNamed(members, call.args[0]!)
  await warned(
    call,
    role === 'admin'
      ? 'Admins let people in, remove them and decide who is an admin; more than half of them must agree to every change. Entries are not touched.'
      : 'They stay in the circle with all entries, and decide no more who is in it.',
  )
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
