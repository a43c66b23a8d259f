// The commands by which a circle begins and grows: founding, invites, joining, further devices, and who waits to be let in.
import { TwofoldError } from '../../shared/errors'
import type { InviteId } from '../../shared/types'
import { joinSentence } from '../peer/joining'
import { UsageError, columns, emit, number, text, when, whole, type Call, type Command } from './command'
import { qrText } from './qr-text'
import { waitForState } from './wait-for-state'

/** How long `join` waits for the first entries after it was let in. */
const FIRST_SYNC_MS = 10_000

export const circleCommands: Readonly<Record<string, Command>> = {
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
      qr: { type: 'boolean', about: 'print its QR code too' },
    },
    args: [0, 0],
    async run(call) {
      const invite = await call.session.call('invite.create', {
        hours: number(call, 'hours') ?? 72,
        uses: whole(call, 'uses') ?? 1,
      })
      const { id, link, words, qr, expiresAt, usesMax } = invite
      const forms = [link, ...(call.flags.words ? [words] : []), ...(call.flags.qr ? [qrText(qr)] : [])]
      emit(call, { id, link, words, expiresAt, usesMax }, forms.join('\n'))
      if (!call.session.attached && !call.json)
        call.io.err('To let people in, keep a window or `twofold peer` running on this folder.')
    },
  },
  'add-device': {
    usage: 'add-device',
    about: 'Print a link for a further device of yours; it is certified when you say yes',
    details:
      'On the new device, in an empty folder: twofold join LINK, or in the window “I use Twofold on another device”. It gets all entries of this circle, writes in your name with a key of its own, and has no recovery words; those stay here. A Twofold has to be running on this folder. `requests` shows the digits of whoever asks: compare them with those on the new device, then `approve` it. The link is valid for a quarter of an hour.',
    examples: ['twofold add-device', 'twofold add-device --qr'],
    flags: { qr: { type: 'boolean', about: 'print its QR code too' } },
    args: [0, 0],
    async run(call) {
      const { id, link, qr, expiresAt } = await call.session.call('device.invite', {})
      emit(call, { id, link, expiresAt }, call.flags.qr ? `${link}\n${qrText(qr)}` : link)
      if (!call.session.attached && !call.json) call.io.err('Keep a window or `twofold peer` running on this folder.')
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
            ['ID', 'FOR', 'STATE', 'USED', 'EXPIRES'],
            ...circle.invites.map((i) => [
              i.id,
              i.forDevice ? 'my device' : '–',
              i.state,
              `${i.used}/${i.usesMax}`,
              when(i.expiresAt),
            ]),
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
    about: 'Join a circle with an invite link or its 12 words; add this device with a device link',
    details:
      'With a device link (twofold://device/…, by `add-device` or the window of a device of yours) an empty folder becomes a further device of yours: it gets all entries of the circle and a key of its own, and has no recovery words. Say yes on the other device if it shows the digits that are printed here.',
    examples: [
      'twofold join twofold://join/…',
      'twofold join twofold://device/…',
      'twofold join "legal winner thank …" --timeout 60',
    ],
    flags: { timeout: { type: 'string', about: 'give up after this many seconds (default: never)' } },
    args: [1, 12],
    online: true,
    async run(call) {
      const { session, io } = call
      const seconds = number(call, 'timeout')
      const link = call.args.join(' ')
      const before = await session.call('state.get', {})
      // A device link brings its identity with it.
      if (!before.me && !link.trim().toLowerCase().startsWith('twofold://device/'))
        throw new TwofoldError('IDENTITY_MISSING')
      await session.call('circle.join', { link })
      let told = ''
      let detail = ''
      let waitingFor = ''
      const joined = await waitForState(
        session,
        io,
        (state) => {
          const { phase } = state
          if (phase.phase === 'joining') {
            const now = joinSentence(phase.state, phase.preview.inviterName)
            detail = phase.state.step === 'searching' && !phase.state.detail ? '' : now
            waitingFor = phase.state.step === 'waiting-for-approval' ? phase.state.by : ''
            if (now !== told) {
              told = now
              if (!call.json) io.err(now)
              // Whoever types words here has said yes already; who invites is printed above.
              if (phase.state.step === 'confirm') void session.call('circle.joinConfirm', {})
            }
          }
          // A device that was restored from a backup has its circle before it is let in.
          const outside = phase.phase === 'circle' && state.circle?.rejoin === true
          if (phase.phase === 'no-circle' || phase.phase === 'welcome' || outside) {
            const alert = state.alerts.find((a) => a.severity === 'error')
            if (alert) throw new TwofoldError(alert.code as never, {}, alert.text)
          }
          return phase.phase === 'circle' && !outside
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
  requests: {
    usage: 'requests',
    about: 'List requests to join that wait for approval, and devices that want to become yours',
    examples: ['twofold requests'],
    args: [0, 0],
    async run(call) {
      const { circle } = await call.session.call('state.get', {})
      if (!circle) throw new TwofoldError('CIRCLE_MISSING')
      if (call.json) for (const request of circle.requests) call.io.out(JSON.stringify(request))
      else if (!circle.requests.length) call.io.err('Nobody waits.')
      else
        call.io.out(
          columns([
            ['NAME', 'ASKED', 'DIGITS', 'ID'],
            ...circle.requests.map((r) => [r.name, when(r.askedAt), r.code ?? '–', r.id]),
          ]),
        )
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
