// A backend for looking at the window and for testing it without Electron: the same Bridge, made-up circles, no network.
// Scenarios are named; `window.fake` lets a script push arrivals and state. Never part of the product.
import type { Bridge, CallName, Events, EventName, Input, Reply } from '../../shared/ipc-contract'
import { sentence, type ErrorCode } from '../../shared/errors'
import { nameOf } from '../../main/seed-texts'
import { fakeHolders, fakeLive } from './fake-network'
import { FakeStorage } from './fake-storage'
import type {
  AppState,
  Block,
  CircleId,
  DeviceKey,
  Inline,
  Inspection,
  InviteId,
  JoinState,
  MemberKey,
  MemberView,
  NodeId,
  Presence,
  RouteTree,
  Row,
  Scope,
} from '../../shared/types'

// A small seeded generator: every screenshot of a scenario is the same.
let seed = 1
const random = () => {
  seed = (seed * 1_664_525 + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}
const hexOf = (text: string, digits: number) => {
  let state = 2_166_136_261
  for (const char of text) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 16_777_619) >>> 0
  let hex = ''
  while (hex.length < digits) {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_507) + 0x9e37_79b9) >>> 0
    hex += state.toString(16).padStart(8, '0')
  }
  return hex.slice(0, digits)
}
const HOUR = 3_600_000
const start = Date.now()

const t = (text: string): Inline => ({ t: 'text', text })
const p = (...children: Inline[]): Block => ({ t: 'paragraph', children })
const plainText = (blocks: Block[]): string =>
  blocks
    .map((block) =>
      'children' in block ? block.children.map((child) => ('text' in child ? child.text : '')).join('') : '',
    )
    .join(' ')

const bodies: Block[][] = [
  [
    p(
      t(
        'The boat is out of the water. Antifouling on Saturday if it stays dry; bring gloves, and somebody please bring the long roller.',
      ),
    ),
  ],
  [
    { t: 'heading', level: 2, children: [t('Winter plan')] },
    p(t('Three things before the frost, in this order:')),
    {
      t: 'list',
      ordered: true,
      start: 1,
      items: [
        { children: [p(t('drain the pump, both valves'))] },
        { children: [p(t('move the batteries '), { t: 'strong', children: [t('inside')] })] },
        { children: [p(t('note the meter: '), { t: 'code', text: '48 213 kWh' })] },
      ],
    },
  ],
  [
    p(t('Fixed the reading. It was the old divider, of course:')),
    {
      t: 'code',
      language: 'ts',
      text: "const volts = (raw: number) => (raw / 4095) * 3.3 * DIVIDER\n\n// was 10.8, measured today at three temperatures: 10.94, 10.94, 10.93\nconst DIVIDER = 10.94\n\nexport const readings = samples.map((sample) => ({ at: sample.at, volts: volts(sample.raw), temperature: sample.celsius, source: 'bench' }))",
    },
    p(
      t('Deployed to both loggers. '),
      { t: 'link', href: 'https://example.org/notes/divider', children: [t('Notes are here')] },
      t('.'),
    ),
  ],
  [p(t('Soup at ours on Thursday? 🍲'))],
  [
    { t: 'quote', children: [p(t('A circle is round so that nobody sits at its head.'))] },
    p(t('Grandmother said that at every table that was not round.')),
  ],
  [
    p(t('Water levels this week, morning readings:')),
    {
      t: 'table',
      align: ['left', 'right', 'right', 'left'],
      head: [[t('Day')], [t('Well')], [t('Tank')], [t('Remark')]],
      rows: [
        [[t('Mon')], [t('4.12 m')], [t('81 %')], [t('clear')]],
        [[t('Tue')], [t('4.09 m')], [t('77 %')], [t('pump ran twice')]],
        [[t('Wed')], [t('4.15 m')], [t('92 %')], [t('rain all night')]],
      ],
    },
  ],
  [
    p(t('For the trip:')),
    {
      t: 'list',
      ordered: false,
      start: 1,
      items: [
        { done: true, children: [p(t('tickets'))] },
        { done: true, children: [p(t('cat to the neighbours'))] },
        { done: false, children: [p(t('the big tent, if Farid has it'))] },
      ],
    },
  ],
  [
    p(
      t(
        'Made it over the pass just before the snow. No signal for two days, so all of this reaches you at once. The hut book has our names, under ',
      ),
      { t: 'em', children: [t('the two with the broken stove')] },
      t('.'),
    ),
    p(t('Pictures follow when there is a cable: '), {
      t: 'image',
      href: 'https://example.org/pass.jpg',
      alt: 'the pass at dawn',
    }),
  ],
  [
    p(
      t('https-less and happy: '),
      {
        t: 'code',
        text: 'averyveryveryverylongidentifierwithoutanybreakthatmustwrapsomewhereorscrollinsideitsownbox_0123456789abcdef0123456789abcdef',
      },
      t(' fits.'),
    ),
  ],
  [p(t('Yes.'))],
  [
    p(
      t(
        'I have read through all of the minutes once more. What we agreed is not what was written down: the key stays with whoever opens on Monday, and the second one hangs in the workshop. If that is wrong, say so here before Friday, and then we leave it alone for a year.',
      ),
    ),
  ],
]

interface Person {
  name: string
  member: MemberKey
  device: DeviceKey
}
const people = (count: number): Person[] =>
  Array.from({ length: count }, (_, index) => {
    const name = nameOf(index)
    return { name, member: hexOf(`member ${name}`, 64) as MemberKey, device: hexOf(`device ${name}`, 64) as DeviceKey }
  })

const presenceOf = (index: number): Presence =>
  index === 0
    ? { state: 'self' }
    : index % 5 === 1 || index === 2
      ? { state: 'online', path: index % 2 === 1 ? 'lan' : 'internet', sinceMs: start - HOUR }
      : index % 5 === 3
        ? { state: 'seen', agoMs: 240_000 }
        : { state: 'offline', lastSeenAt: index % 7 === 4 ? null : start - index * 5 * HOUR }

/** Rows are made when asked for: a million of them cost nothing. */
class Entries {
  extra: Row[] = []
  constructor(
    readonly crew: Person[],
    readonly base: number,
    readonly plain: boolean,
  ) {}
  get total(): number {
    return this.base + this.extra.length
  }
  at(position: number): Row {
    const late = this.extra[position]
    return late ?? this.#made(this.base - 1 - (position - this.extra.length))
  }
  #made(index: number): Row {
    seed = index * 7 + 13
    random()
    const age = this.base - 1 - index
    const author = Math.floor(random() * this.crew.length)
    const person = this.crew[author] ?? this.crew[0]
    if (!person) throw new Error('a circle has somebody')
    const blocks = (this.plain ? bodies[index % 3 === 0 ? 3 : 0] : bodies[(index * 5 + 3) % bodies.length]) ?? []
    const timestamp = start - age * (this.plain ? 37 * 60_000 : 2.3 * HOUR) - 8 * 60_000
    const special = this.plain
      ? ''
      : (['', '', 'reply', '', 'reaction', '', '', 'unknown', 'reply', '', 'edit', '', 'profile', ''][age % 14] ?? '')
    const kind = special === '' ? 'post' : (special as Row['kind'])
    const quiet = kind === 'reaction' || kind === 'unknown' || kind === 'profile' || kind === 'edit'
    const other = this.crew[(author + 1) % this.crew.length] ?? person
    return {
      id: hexOf(`node ${index}`, 64) as NodeId,
      member: person.member,
      memberName: person.name,
      device: person.device,
      seq: index + 1,
      timestamp,
      receivedAt: timestamp + (age % 11 === 7 ? 26 * HOUR : 900),
      kind,
      text: kind === 'reaction' ? '👍' : quiet ? '' : plainText(blocks),
      tree: {
        version: 1,
        blocks:
          quiet && kind !== 'edit' ? [] : kind === 'edit' ? [p(t('Soup at ours on Friday, not Thursday.'))] : blocks,
        heightPx: quiet ? 0 : 26 + blocks.length * 34,
      },
      proof: age % 17 === 5 ? 'floating' : 'linked',
      mine: author === 0,
      reactions: [],
      replies: 0,
      bookmarked: false,
      unread: false,
      own: author === 0,
      ...(kind === 'reply' || kind === 'reaction' || kind === 'edit'
        ? {
            target: {
              id: hexOf(`node ${Math.max(0, index - 4)}`, 64) as NodeId,
              memberName: other.name,
              excerpt: 'Water levels this week, morning readings: Mon 4.12 m, Tue 4.09 m, Wed 4.15 m',
            },
          }
        : {}),
      late: age % 11 === 7,
      waiting: author === 0 && age < 2,
    }
  }
}

function fingerTree(n: number, tree: 0 | 1, me: number, ring: Inspection['route']['ring']): RouteTree {
  const edges: { from: number; to: number }[] = []
  const parent = new Map<number, number>()
  const split = (at: number, lo: number, hi: number) => {
    if (hi - lo <= 0) return
    const parts: [number, number][] =
      lo < at && at < hi
        ? [
            [lo, at],
            [at + 1, hi],
          ]
        : [
            [lo, Math.ceil((lo + hi) / 2)],
            [Math.ceil((lo + hi) / 2), hi],
          ]
    for (const [from, to] of parts) {
      if (to - from <= 0) continue
      let pivot = from + Math.floor((to - from) / 2)
      if (((pivot ^ tree) & 1) === 1) pivot = pivot - 1 >= from ? pivot - 1 : pivot + 1 < to ? pivot + 1 : pivot
      edges.push({ from: at, to: pivot })
      parent.set(pivot, at)
      if (pivot > from && pivot + 1 < to) split(pivot, from, to)
      else if (pivot === from) split(pivot, from + 1, to)
      else split(pivot, from, pivot)
    }
  }
  split(0, 1, n)
  const path = [me]
  while ((path[0] ?? 0) !== 0) path.unshift(parent.get(path[0] ?? 0) ?? 0)
  return { tree, edges, path: path.flatMap((index) => ring[index] ?? []) }
}

const RECOVERY =
  'canyon velvet orbit mention harvest tunnel gravity plunge acoustic ribbon shallow mercy lantern obscure drift salon puzzle border cement vivid ladder echo winter humble'.split(
    ' ',
  )
const INVITE =
  'twofold://join/1/AQx8rT0mVn2LkqJ5cZsWbYp7HdGf9uXoEiKa4RtNvMjQwSy3BzCgUhPlD6e1FkOaT-9s_xV2nLr8Ym0Wc5Jd7QbHgZpIuE'
const INVITE_WORDS = 'lunar oxygen basket river crisp timber novel august fable quilt ocean maple'

const qr = (): boolean[][] => {
  seed = 99
  const size = 41
  const finder = (x: number, y: number) => {
    for (const [cx, cy] of [
      [4, 4],
      [size - 11, 4],
      [4, size - 11],
    ] as const) {
      const dx = x - cx
      const dy = y - cy
      if (dx >= -1 && dx <= 7 && dy >= -1 && dy <= 7) {
        if (dx < 0 || dy < 0 || dx > 6 || dy > 6) return false
        return dx === 0 || dy === 0 || dx === 6 || dy === 6 || (dx >= 2 && dx <= 4 && dy >= 2 && dy <= 4)
      }
    }
    return null
  }
  return Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_unused, x) => {
      const bit = random() > 0.52
      if (x < 4 || y < 4 || x >= size - 4 || y >= size - 4) return false
      return finder(x, y) ?? bit
    }),
  )
}

interface Scenario {
  members: number
  entries: number
  plain?: boolean
  change?: (state: AppState) => AppState
}
const joining =
  (state: JoinState, known = true) =>
  (app: AppState): AppState => ({
    ...app,
    circle: null,
    phase: {
      phase: 'joining',
      name: 'Ada Lindqvist',
      preview: known
        ? {
            circleName: 'Harbour Road 12',
            inviterName: 'Bob',
            expiresAt: start + 20 * HOUR,
            approval: 'ask',
            forDevice: false,
          }
        : { circleName: null, inviterName: null, expiresAt: null, approval: null, forDevice: false },
      state,
    },
  })
const phase =
  (next: AppState['phase']) =>
  (app: AppState): AppState => ({ ...app, circle: null, phase: next })

const scenarios: Record<string, Scenario> = {
  welcome: {
    members: 1,
    entries: 0,
    change: (app) => ({ ...phase({ phase: 'welcome' })(app), me: null, keysKeptBy: null }),
  },
  words: { members: 1, entries: 0, change: phase({ phase: 'confirm-words', name: 'Ada Lindqvist', ask: [4, 11, 19] }) },
  'no-circle': {
    members: 1,
    entries: 0,
    change: phase({ phase: 'no-circle', name: 'Ada Lindqvist', restored: false }),
  },
  restored: { members: 1, entries: 0, change: phase({ phase: 'no-circle', name: 'Ada Lindqvist', restored: true }) },
  searching: {
    members: 1,
    entries: 0,
    change: joining(
      { step: 'searching', sinceMs: start - 47_000, lanPeersSeen: 0, internet: true, detail: 'not-heard' },
      false,
    ),
  },
  'confirm-circle': {
    members: 1,
    entries: 0,
    change: joining({ step: 'confirm', circleName: 'Harbour Road 12', inviterName: 'Bob' }, false),
  },
  asking: { members: 1, entries: 0, change: joining({ step: 'asking', with: 'Bob' }) },
  approval: {
    members: 1,
    entries: 0,
    change: joining({ step: 'waiting-for-approval', by: 'Bob', circleName: 'Harbour Road 12' }),
  },
  'sync-list': { members: 1, entries: 0, change: joining({ step: 'syncing-list' }) },
  empty: {
    members: 1,
    entries: 0,
    change: (app) => ({
      ...app,
      sync: { missing: 0, have: 0, from: null, peersOnline: 0, compared: true },
      network: { ...app.network, links: [] },
    }),
  },
  small: { members: 3, entries: 40 },
  syncing: {
    members: 5,
    entries: 180,
    change: (app) => ({
      ...app,
      sync: { missing: 312, have: 180, from: 'Bob', peersOnline: 2, compared: true, perSecond: 40 },
    }),
  },
  alone: {
    members: 5,
    entries: 60,
    change: (app) => ({
      ...app,
      sync: { missing: 14, have: 60, from: null, peersOnline: 0, compared: true },
      network: { ...app.network, links: [] },
    }),
  },
  large: { members: 8, entries: 10_000 },
  million: { members: 8, entries: 1_000_000, plain: true },
  crowd: { members: 100, entries: 3_000 },
  fleet: { members: 300, entries: 400 },
  standin: { members: 12, entries: 40 },
  caughtup: { members: 12, entries: 40 },
  alerts: {
    members: 4,
    entries: 40,
    change: (app) => ({
      ...app,
      alerts: [
        { code: 'DISK_FULL', severity: 'error', text: sentence('DISK_FULL') },
        { code: 'MULTICAST_BLOCKED', severity: 'warning', text: sentence('MULTICAST_BLOCKED') },
        {
          code: 'SETTINGS_DAMAGED',
          severity: 'info',
          text: sentence('SETTINGS_DAMAGED', { file: 'settings.damaged-1.json' }),
        },
      ],
      network: {
        ...app.network,
        lan: 'blocked',
        links: [],
        problems: [
          { code: 'MULTICAST_BLOCKED', text: sentence('MULTICAST_BLOCKED'), at: start - 120_000 },
          { code: 'DHT_UNREACHABLE', text: sentence('DHT_UNREACHABLE'), at: start - 3 * HOUR },
        ],
      },
    }),
  },
  requests: {
    members: 6,
    entries: 40,
    change: (app) => ({
      ...app,
      circle: app.circle && {
        ...app.circle,
        approval: 'ask',
        requests: [
          {
            id: 'r1',
            name: 'Mira Castellanos',
            member: hexOf('mira', 64) as MemberKey,
            device: hexOf('mira d', 64) as DeviceKey,
            askedAt: start - 90_000,
            code: null,
          },
          {
            id: 'r2',
            name: 'workshop-pi',
            member: hexOf('pi', 64) as MemberKey,
            device: hexOf('pi d', 64) as DeviceKey,
            askedAt: start - 3 * HOUR,
            code: null,
          },
        ],
      },
    }),
  },
  agreeing: {
    members: 6,
    entries: 40,
    change: (app) => ({
      ...app,
      circle: app.circle && {
        ...app.circle,
        wants: [
          { key: 'w1', what: 'removed', name: 'Carla Reyes', askedAt: start - 5 * 60_000 },
          { key: 'w2', what: 'promoted', name: 'Dmitri', askedAt: start - 26 * HOUR },
        ],
        waitingFor: ['Bob', 'Carla Reyes'],
        notHeard: ['Emmi'],
        notSeen: ['Gran'],
      },
    }),
  },
  provisional: {
    members: 4,
    entries: 40,
    change: (app) => ({
      ...app,
      alerts: [
        { code: 'PROVISIONAL', severity: 'info', text: sentence('PROVISIONAL', { waitingFor: 'Ada or Carla' }) },
      ],
      circle: app.circle && {
        ...app.circle,
        admin: false,
        standing: 'provisional',
        searches: [],
        heldPosts: [{ text: 'Hello everybody, glad to be here', at: start - 4 * 60_000 }],
      },
    }),
  },
  copied: {
    members: 4,
    entries: 40,
    change: (app) => ({
      ...app,
      alerts: [{ code: 'DEVICE_COPIED', severity: 'error', text: sentence('DEVICE_COPIED') }],
      circle: app.circle && { ...app.circle, copied: true },
    }),
  },
  removed: {
    members: 5,
    entries: 60,
    change: (app) => ({ ...app, phase: { phase: 'removed', name: 'Ada Lindqvist' } }),
  },
  restoring: {
    members: 5,
    entries: 12,
    change: (app) => ({
      ...app,
      alerts: [{ code: 'RESTORING', severity: 'info', text: sentence('RESTORING') }],
      sync: { missing: 88, have: 12, from: 'Carla Reyes', peersOnline: 2, compared: true },
    }),
  },
}

export class FakeBackend implements Bridge {
  state: AppState
  #entries: Entries
  #crew: Person[]
  #listeners = new Map<EventName, Set<(payload: never) => void>>()
  #views = new Map<number, { scope: Scope; version: number }>()
  #nextView = 1
  #draft = ''
  readonly storage = new FakeStorage()
  /** Calls that are refused, and why. */
  readonly refusals = new Map<CallName, ErrorCode>()
  readonly asked: { name: CallName; input: unknown }[] = []
  /** Waits this long before it answers windows, to see what loading looks like. */
  slowMs = 0

  constructor(readonly scenario: string) {
    const { members, entries, plain = false, change } = scenarios[scenario] ?? { members: 3, entries: 40 }
    this.#crew = people(members)
    this.#entries = new Entries(this.#crew, entries, plain)
    const views: MemberView[] = this.#crew.map((person, index) => ({
      key: person.member,
      name: person.name,
      role: index === 0 ? 'founder' : index === 2 ? 'admin' : 'member',
      me: index === 0,
      removed: members > 4 && index === 4,
      presence: presenceOf(index),
      devices: [
        {
          key: person.device,
          presence: presenceOf(index),
          height: 120 + index,
          announcedHeight: index === 3 ? 180 : 120 + index,
          addedInEpoch: index + 1,
          removed: false,
          forkedAt: null,
          votes: index === 0 || index === 2,
          epoch: members + 3,
        },
        ...(index === 1
          ? [
              {
                key: hexOf('bob 2', 64) as DeviceKey,
                presence: { state: 'offline', lastSeenAt: start - 3 * 24 * HOUR } as const,
                height: 31,
                announcedHeight: 31,
                addedInEpoch: 4,
                removed: false,
                forkedAt: members > 4 ? 27 : null,
                votes: false,
                epoch: null,
              },
            ]
          : []),
      ],
      entries: Math.round(entries / members),
      unread: index === 1 ? 3 : index === 5 ? 12 : 0,
    }))
    const base: AppState = {
      phase: { phase: 'circle', name: 'Ada Lindqvist' },
      me: {
        rootKey: true,
        member: this.#crew[0]?.member ?? ('' as MemberKey),
        name: 'Ada Lindqvist',
        device: this.#crew[0]?.device ?? ('' as DeviceKey),
      },
      circle: {
        id: hexOf('circle', 64) as CircleId,
        name: 'Harbour Road 12',
        epoch: members + 3,
        approval: 'auto',
        admin: true,
        standing: 'member',
        mayRecover: false,
        rejoin: false,
        copied: false,
        wants: [],
        waitingFor: [],
        searches: [],
        heldPosts: [],
        notHeard: [],
        notSeen: [],
        members: views,
        changes: this.#crew.slice(0, 12).map((person, index) => ({
          epoch: index + 1,
          timestamp: start - (40 - index * 3) * 24 * HOUR,
          changes: index === 0 ? [] : [{ what: 'joined' as const, name: person.name }],
          agreedBy: ['Ada Lindqvist'],
        })),
        requests: [],
        invites:
          members > 1
            ? [
                {
                  id: hexOf('i1', 32) as InviteId,
                  by: 'Ada Lindqvist',
                  mine: true,
                  forDevice: false,
                  createdAt: start - 2 * HOUR,
                  expiresAt: start + 22 * HOUR,
                  usesMax: 5,
                  used: 2,
                  state: 'open',
                },
                {
                  id: hexOf('i2', 32) as InviteId,
                  by: 'Ada Lindqvist',
                  mine: true,
                  forDevice: false,
                  createdAt: start - 9 * 24 * HOUR,
                  expiresAt: start - 8 * 24 * HOUR,
                  usesMax: 1,
                  used: 1,
                  state: 'used-up',
                },
                {
                  id: hexOf('i3', 32) as InviteId,
                  by: 'Ada Lindqvist',
                  mine: true,
                  forDevice: false,
                  createdAt: start - 30 * 24 * HOUR,
                  expiresAt: start - 23 * 24 * HOUR,
                  usesMax: 1,
                  used: 0,
                  state: 'expired',
                },
              ]
            : [],
      },
      network: {
        listening: true,
        port: 49_737,
        interfaces: ['enp3s0 192.168.1.14', 'wlan0 192.168.1.31'],
        internet: 'up',
        lan: 'on',
        links: this.#crew
          .filter((_, index) => presenceOf(index).state === 'online')
          .slice(0, 18)
          .map((person, index) => ({
            device: person.device,
            memberName: person.name,
            path: index % 2 === 0 ? ('lan' as const) : ('internet' as const),
            address: index % 2 === 0 ? `192.168.1.${20 + index}:49737` : `203.0.113.${40 + index}:51413`,
            sinceMs: start - (index + 1) * 31 * 60_000,
            srttMs: index === 3 ? null : 0.8 + index * 21.4,
            bytesIn: 412_000 + index * 91_300,
            bytesOut: 268_000 + index * 38_100,
          })),
        problems: [],
        strangersRefused: 3,
        refused: members > 3 ? { SIGNATURE_INVALID: 2, BACKLINK_MISMATCH: 1, TIMESTAMP_AHEAD: 14 } : {},
        keptOut:
          members > 3
            ? [
                {
                  device: this.#crew[5]?.device ?? this.#crew[1]!.device,
                  memberName: this.#crew[5]?.name ?? this.#crew[1]!.name,
                  misdeed: 'forgery',
                  since: start - 4 * 60_000,
                  until: start + 16 * 60_000,
                  times: 2,
                },
              ]
            : [],
        copiesSent: 1_184,
        copiesReceived: 1_902,
        entriesRouted: 611,
        manualAddresses: members > 3 ? ['192.168.7.20:49737'] : [],
      },
      sync: {
        missing: 0,
        have: entries,
        from: null,
        peersOnline: views.filter((view) => view.presence.state === 'online').length,
        compared: true,
      },
      alerts: [],
      settings: {
        theme: 'system',
        density: 'comfortable',
        language: 'system',
        lan: true,
        internet: true,
        capKiB: 0,
        capPeerKiB: 0,
      },
      dataDir: '/home/ada/.local/share/twofold',
      version: '0.1.0',
      keysKeptBy: 'keychain',
    }
    this.state = change ? change(base) : base
  }

  on<K extends EventName>(name: K, listener: (payload: Events[K]) => void): () => void {
    const set = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, set)
    set.add(listener)
    return () => set.delete(listener)
  }
  emit<K extends EventName>(name: K, payload: Events[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) (listener as (payload: Events[K]) => void)(payload)
  }
  push(change: Partial<AppState>): void {
    this.state = { ...this.state, ...change }
    this.emit('state', this.state)
  }

  /** Somebody writes: one new row at the top of every open view. */
  arrive(author: number, text: string, replyTo?: NodeId): Row {
    const person = this.#crew[author] ?? this.#crew[0]
    if (!person) throw new Error('a circle has somebody')
    const row: Row = {
      id: hexOf(`extra ${this.#entries.extra.length} ${text}`, 64) as NodeId,
      member: person.member,
      memberName: person.name,
      device: person.device,
      seq: this.#entries.total + 1,
      timestamp: Date.now(),
      receivedAt: Date.now(),
      kind: replyTo ? 'reply' : 'post',
      text,
      tree: { version: 1, blocks: text.split(/\n\n+/u).map((part) => p(t(part))), heightPx: 26 },
      proof: 'linked',
      mine: author === 0,
      reactions: [],
      replies: 0,
      bookmarked: false,
      unread: false,
      own: author === 0,
      ...(replyTo ? { target: { id: replyTo, memberName: 'Bob', excerpt: 'what was said' } } : {}),
      late: false,
      waiting: author === 0,
    }
    this.#entries.extra.unshift(row)
    for (const [viewId, view] of this.#views) {
      if (view.scope.type === 'member' || (view.scope.type === 'mine' && author !== 0)) continue
      view.version += 1
      this.emit('view.changed', {
        viewId,
        version: view.version,
        total: this.#total(view.scope),
        inserted: [0],
        removed: [],
        touched: false,
      })
    }
    return row
  }

  /** A backend that forgets to tell a change, as none should. */
  bumpSilently(): void {
    for (const view of this.#views.values()) view.version += 1
  }

  // Views of one author hold every crew-th entry: enough to look at.
  #total(scope: Scope): number {
    return scope.type === 'everyone'
      ? this.#entries.total
      : Math.floor(this.#entries.total / Math.max(1, this.#crew.length))
  }
  #row(scope: Scope, position: number): Row {
    if (scope.type === 'everyone') return this.#entries.at(position)
    const person =
      scope.type === 'mine'
        ? this.#crew[0]
        : this.#crew.find((one) => scope.type === 'member' && one.member === scope.member)
    const row = this.#entries.at(position)
    return person
      ? {
          ...row,
          member: person.member,
          memberName: person.name,
          device: person.device,
          mine: scope.type === 'mine',
          waiting: scope.type === 'mine' && row.waiting,
        }
      : row
  }
  #window(viewId: number, startAt: number, count: number) {
    const view = this.#views.get(viewId)
    if (!view) throw new Refusal('VIEW_UNKNOWN')
    const total = this.#total(view.scope)
    const rows: Row[] = []
    for (let position = startAt; position < Math.min(total, startAt + count); position += 1)
      rows.push(this.#row(view.scope, position))
    return { viewId, version: view.version, total, start: startAt, rows, more: false, notIndexed: 0 }
  }

  #inspect(id: NodeId): Inspection {
    let row = this.#entries.at(0)
    for (let position = 0; position < Math.min(400, this.#entries.total); position += 1)
      if (this.#entries.at(position).id === id) row = this.#entries.at(position)
    const n = this.#crew.length
    const author = Math.max(
      0,
      this.#crew.findIndex((person) => person.device === row.device),
    )
    const ring = this.#crew.map((_, index) => {
      const at = (author + index) % n
      const person = this.#crew[at] ?? { name: '', device: '' as DeviceKey, member: '' as MemberKey }
      return {
        device: person.device,
        member: person.member,
        memberName: person.name,
        me: at === 0,
        online: presenceOf(at).state !== 'offline',
      }
    })
    const me = ring.findIndex((hop) => hop.me)
    const trees = ([0, 1] as const).map((tree) => fingerTree(n, tree, me, ring))
    const from = trees[0]?.path.at(-2)
    const hex = (what: string, digits = 64) => hexOf(`${row.id} ${what}`, digits)
    return {
      row,
      proof: [
        {
          id: 'encoding',
          ok: true,
          sentence: 'The entry is in the one form that its content has; nothing is hidden in it.',
          raw: [
            ['version', '01'],
            ['bytes', hex('bytes', 128)],
          ],
        },
        { id: 'id', ok: true, sentence: 'Its id is the fingerprint of exactly these bytes.', raw: [['id', row.id]] },
        {
          id: 'signature',
          ok: true,
          sentence: `It is signed by the device ${row.device!.slice(0, 8)}.`,
          raw: [
            ['signature', hex('sig', 128)],
            ['device', row.device!],
          ],
        },
        {
          id: 'device',
          ok: true,
          sentence: `That device is certified by ${row.memberName}.`,
          raw: [['certificate', hex('cert', 128)]],
        },
        {
          id: 'member',
          ok: true,
          sentence: `${row.memberName} was a member when this was written.`,
          raw: [['member', row.member]],
        },
        {
          id: 'epoch',
          ok: true,
          sentence: 'Member list no. 6 is signed by Ada Lindqvist, the founder.',
          raw: [
            ['epoch', hex('epoch')],
            ['certificate', hex('ecert', 128)],
          ],
        },
        {
          id: 'log',
          ok: row.proof === 'linked',
          sentence:
            row.proof === 'linked'
              ? `It continues entry ${row.seq! - 1} of the same timeline, and so on down to the first.`
              : 'Older entries of this timeline are still on their way.',
          raw: [['backlink', hex('back')]],
        },
        {
          id: 'time',
          ok: true,
          sentence: 'It is later than the entry before it, and not in the future.',
          raw: [['timestamp', String(row.timestamp)]],
        },
      ],
      route: {
        ring,
        trees,
        cameFrom: row.mine || !from ? null : this.#cameFrom(row, ring, trees[0]?.path ?? [], from),
        acknowledgedBy: row.mine && !row.waiting ? ['Bob', 'Carla Reyes'] : [],
      },
      heldBy: fakeHolders(ring, Date.now()),
      bytes: hex('all', 584),
    }
  }

  /** As planned; in two scenarios otherwise. */
  #cameFrom(
    row: Row,
    ring: Inspection['route']['ring'],
    path: RouteTree['path'],
    from: RouteTree['path'][number],
  ): Inspection['route']['cameFrom'] {
    const at = row.receivedAt
    const standIn = ring.find((hop) => !hop.me && !path.some((one) => one.device === hop.device))
    if (this.scenario === 'caughtup')
      return { device: from.device, memberName: from.memberName, how: 'sync', tree: null, at, hop: null }
    if (this.scenario === 'standin' && standIn)
      return { device: standIn.device, memberName: standIn.memberName, how: 'tree', tree: 0, at, hop: null }
    return { device: from.device, memberName: from.memberName, how: 'tree', tree: 0, at, hop: path.length - 2 }
  }

  async call<K extends CallName>(name: K, input: Input<K>): Promise<string> {
    return JSON.stringify(await this.#reply(name, input))
  }
  async #reply<K extends CallName>(name: K, input: Input<K>): Promise<Reply<never>> {
    this.asked.push({ name, input })
    try {
      const refused = this.refusals.get(name)
      if (refused) throw new Refusal(refused)
      if (this.slowMs > 0 && name.startsWith('view.')) await new Promise((resolve) => setTimeout(resolve, this.slowMs))
      return { ok: true, value: structuredClone(this.#answer(name, (input ?? {}) as Record<string, never>)) as never }
    } catch (error) {
      const code = error instanceof Refusal ? error.code : 'INTERNAL'
      return { ok: false, code, message: sentence(code, error instanceof Refusal ? error.details : {}) }
    }
  }

  #answer(name: CallName, input: Record<string, never>): unknown {
    const circle = this.state.circle
    switch (name) {
      case 'state.get':
        return this.state
      case 'settings.set':
        this.push({ settings: { ...this.state.settings, ...(input as object) } })
        return null
      case 'identity.create':
        this.push({ phase: { phase: 'confirm-words', name: input['name'] ?? '', ask: [4, 11, 19] } })
        return { words: RECOVERY }
      case 'identity.words':
        return { words: RECOVERY }
      case 'identity.confirm':
        if (String(input['words']) !== [RECOVERY[3], RECOVERY[10], RECOVERY[18]].join())
          throw new Refusal('WORDS_MISMATCH', { position: 4 })
        this.push({ phase: { phase: 'no-circle', name: 'Ada Lindqvist', restored: false } })
        return null
      case 'identity.discard':
        this.push({ phase: { phase: 'welcome' } })
        return null
      case 'identity.restore':
        throw new Refusal('WORDS_CHECKSUM')
      case 'identity.suggest':
        return [
          ...RECOVERY,
          'abandon',
          'ability',
          'about',
          'orchard',
          'orange',
          'order',
          'ordinary',
          'rib',
          'ride',
          'ribbon',
          'cat',
          'century',
        ]
          .filter((word, index, all) => all.indexOf(word) === index && word.startsWith(input['prefix'] ?? ''))
          .sort()
          .slice(0, 8)
      case 'circle.create':
        this.#entries = new Entries(this.#crew, 0, false)
        this.state = { ...new FakeBackend('empty').state }
        this.push({})
        return null
      case 'invite.preview':
        if (String(input['link']).startsWith('twofold://'))
          return {
            circleName: 'Harbour Road 12',
            inviterName: 'Bob',
            expiresAt: start + 20 * HOUR,
            approval: 'ask',
            forDevice: false,
          }
        if (String(input['link']).split(' ').length === 12)
          return { circleName: null, inviterName: null, expiresAt: null, approval: null, forDevice: false }
        throw new Refusal('LINK_INVALID')
      case 'circle.join':
        this.push({
          phase: {
            phase: 'joining',
            name: 'Ada',
            preview: {
              circleName: 'Harbour Road 12',
              inviterName: 'Bob',
              expiresAt: null,
              approval: 'ask',
              forDevice: false,
            },
            state: { step: 'searching', sinceMs: Date.now(), lanPeersSeen: 1, internet: true, detail: null },
          },
        })
        return null
      case 'circle.joinConfirm':
        this.push({ phase: joining({ step: 'asking', with: 'Bob' })(this.state).phase })
        return null
      case 'circle.joinCancel':
        this.push({ phase: { phase: 'no-circle', name: 'Ada Lindqvist', restored: false } })
        return null
      case 'device.invite':
      case 'invite.create':
      case 'invite.show':
        return {
          id: hexOf('i9', 32),
          link: INVITE,
          words: INVITE_WORDS,
          qr: qr(),
          expiresAt: start + 24 * HOUR,
          usesMax: 1,
        }
      case 'window.camera':
      case 'window.rest':
        return null
      case 'window.place':
        return { place: null }
      case 'invite.revoke':
        if (circle)
          this.push({
            circle: {
              ...circle,
              invites: circle.invites.map((invite) =>
                invite.id === input['id'] ? { ...invite, state: 'revoked' } : invite,
              ),
            },
          })
        return null
      case 'request.approve':
      case 'request.refuse':
        if (circle)
          this.push({
            circle: { ...circle, requests: circle.requests.filter((request) => request.id !== input['id']) },
          })
        return null
      case 'member.remove':
      case 'member.role':
      case 'device.remove':
      case 'circle.leave':
        return { waitingFor: ['Carla Reyes'] }
      case 'device.renew':
        this.push({ circle: null, alerts: [], phase: { phase: 'no-circle', name: 'Ada Lindqvist', restored: true } })
        return null
      case 'circle.recover':
        throw new Refusal('RECOVERY_NOT_POSSIBLE')
      case 'change.withdraw':
        if (circle) this.push({ circle: { ...circle, wants: circle.wants.filter((w) => w.key !== input['key']) } })
        return null
      case 'device.forkProof':
        throw new Refusal('FORK_UNKNOWN')
      case 'members.list':
        return { members: circle?.members ?? [], changes: circle?.changes ?? [] }
      case 'member.seen':
        if (circle)
          this.push({ circle: { ...circle, members: circle.members.map((member) => ({ ...member, unread: 0 })) } })
        return null
      case 'entry.post':
        if (String(input['text']).includes('refuse me')) throw new Refusal('CLOCK_BEHIND', { behind: '3 minutes' })
        return this.arrive(0, input['text'] ?? '', input['replyTo'])
      case 'entry.react':
      case 'entry.edit':
      case 'entry.retract':
        return this.#entries.at(0)
      case 'entry.history':
      case 'tags.suggest':
        return []
      case 'entry.bookmark':
        return null
      case 'entry.copy':
        return { text: '' }
      case 'entry.preview':
        return { version: 1, blocks: [p(t(input['text'] ?? ''))], heightPx: 22 }
      case 'view.at': {
        const { viewId, version, total } = this.#window(Number(input['viewId']), 0, 0)
        return { viewId, version, total, start: 0, rows: [], more: false, notIndexed: 0, position: 0 }
      }
      case 'entry.text':
        return { text: this.#entries.at(0)?.text ?? '' }
      case 'view.histogram':
        return { newest: 0, oldest: 0, bins: [], total: 0 }
      case 'entry.inspect':
        return this.#inspect(input['id'] as unknown as NodeId)
      case 'entry.holders':
        return this.#inspect(input['id'] as unknown as NodeId).heldBy
      case 'entry.proof':
        return { fileName: 'twofold-proof-4c1f09.json', content: '{}' }
      case 'draft.get':
        return { text: this.#draft }
      case 'draft.set':
        this.#draft = input['text'] ?? ''
        return null
      case 'store.verify':
        return { checked: this.#entries.total, bad: [] }
      case 'storage.get':
      case 'storage.job':
      case 'storage.check':
      case 'storage.compact':
      case 'storage.export':
      case 'storage.backup':
      case 'storage.import':
      case 'storage.cancel':
      case 'storage.forget':
      case 'mirror.set':
      case 'mirror.check':
      case 'backup.restore':
      case 'file.choose':
      case 'folder.show':
        return this.storage.answer(name, input, this.state)
      case 'view.open': {
        const viewId = this.#nextView++
        this.#views.set(viewId, { scope: input['scope'] as unknown as Scope, version: 1 })
        return this.#window(viewId, 0, 50)
      }
      case 'view.window':
        return this.#window(Number(input['viewId']), Number(input['start']), Number(input['count']))
      case 'view.position': {
        for (let position = 0; position < Math.min(2_000, this.#entries.total); position += 1)
          if (this.#entries.at(position).id === input['id']) return position
        return -1
      }
      case 'search.save':
      case 'search.forget':
        return null
      case 'view.close':
        this.#views.delete(Number(input['viewId']))
        return null
      case 'network.get':
        return this.state.network
      case 'network.diagnose': {
        const asked = this.state.circle?.members.find((member) => member.key === input['member'])
        if (!asked) throw new Refusal('MEMBER_UNKNOWN')
        const details = { name: asked.name, port: 49737, seconds: 12 }
        return {
          member: asked.key,
          name: asked.name,
          linked: false,
          findings: [
            { code: 'HERE_FINE', tone: 'good', details },
            { code: 'NOT_HEARD', tone: 'bad', details },
            { code: 'NEXT_TRY', tone: 'note', details },
          ],
        }
      }
      case 'network.live':
        return fakeLive(this.state, Date.now())
      case 'network.addAddress':
        if (!/^[\w.-]+:\d+$/u.test(String(input['address']))) throw new Refusal('ADDRESS_INVALID')
        this.push({
          network: {
            ...this.state.network,
            manualAddresses: [...this.state.network.manualAddresses, input['address'] ?? ''],
          },
        })
        return null
      case 'network.removeAddress':
        this.push({
          network: {
            ...this.state.network,
            manualAddresses: this.state.network.manualAddresses.filter((address) => address !== input['address']),
          },
        })
        return null
      case 'network.readmit':
        this.push({
          network: {
            ...this.state.network,
            keptOut: this.state.network.keptOut.filter((one) => one.device !== input['device']),
          },
        })
        return null
      case 'network.refresh':
        return null
      case 'alert.dismiss':
        this.push({ alerts: this.state.alerts.filter((alert) => alert.code !== input['code']) })
        return null
    }
  }
}

class Refusal extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly details: Record<string, string | number> = {},
  ) {
    super(code)
  }
}
