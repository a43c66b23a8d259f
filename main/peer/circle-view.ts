// A circle as a screen shows it: the list and what is asked about it, how far the timelines are here, and what has to be told.
import { anyOf, sentence, type ErrorCode } from '../../shared/errors'
import type { Alert, CircleView, DeviceKey, ListChangeView, SyncView } from '../../shared/types'
import type { Engine } from '../protocol/engine'
import { currentMember, isCurrentDevice } from '../protocol/membership'
import { inviteCode } from '../protocol/notices'
import type { Admission } from './admission'
import type { Author } from './author'
import type { Connections } from './connections'
import type { Forks } from './forks'
import type { ListKeeper } from './list-keeper'
import type { ListRequests } from './list-requests'
import { changeLog, memberViews, notSeenSince, wantedChange } from './member-views'
import type { NoticeBoard } from './notice-board'
import type { Identity, Parts, StorePort } from './ports'
import { wantKey, type Proposals } from './proposals'
import type { Recovery } from './recovery'
import type { Reader } from './reader'
import type { Signing } from './signing'
import type { SyncRate } from './sync-rate'

interface Sources {
  parts: Pick<Parts, 'secrets' | 'now'>
  identity: Identity
  keeper: ListKeeper
  board: NoticeBoard
  proposals: Proposals
  requests: ListRequests
  admission: Admission
  signing: Signing
  author: Author
  reader: Reader
  forks: Forks
  connections: Connections
  engine: Engine
  store: Pick<StorePort, 'total'>
  recovery: Recovery
  /** The database was damaged at the start. */
  damaged: boolean
  /** It is being checked, because the last run did not end in order. */
  checking(): boolean
  /** What the disk refused last, and has not taken since. */
  trouble(): ErrorCode | null
  rate: SyncRate
  /** Nodes whose own signature is still to be checked (rule N9). */
  unchecked(): number
  /** Entries whose own signature does not hold, by device (rule N9). */
  missigned(): ReadonlyMap<DeviceKey, number>
}
type AddAlert = (code: ErrorCode, severity: Alert['severity'], details?: Record<string, string | number>) => void

export class CircleViews {
  private log: ListChangeView[] | null = null

  constructor(private readonly sources: Sources) {}

  circle(): CircleView {
    const { keeper, proposals, requests, admission, signing, author, reader } = this.sources
    const { list, standing } = keeper
    const members = this.members()
    return {
      id: list.circle,
      name: list.genesis.name,
      epoch: list.epoch,
      approval: list.genesis.approval,
      admin: keeper.admin && standing === 'member',
      standing,
      mayRecover: requests.mayRecover,
      rejoin: keeper.rejoining,
      copied: signing.copied,
      wants: proposals.wants().map((want) => ({
        key: wantKey(want),
        ...wantedChange(keeper, want),
        askedAt: want.askedAt,
      })),
      waitingFor: requests.waitingFor(),
      heldPosts: author.heldPosts(),
      searches: reader.searches.list(),
      notHeard: this.notHeard(),
      notSeen: notSeenSince(members, list.timestamp, this.sources.parts.now()),
      members,
      changes: this.changes(),
      requests: admission.requests(),
      invites: admission.views(),
    }
  }

  members() {
    const { keeper, identity, engine, connections, store, reader, forks } = this.sources
    return memberViews({
      keeper,
      me: identity.member,
      links: engine.links,
      have: engine.have,
      presence: connections.presences(),
      entries: (member) => store.total(member),
      unread: (member) => reader.unread(member),
      forkedAt: (device) => forks.proofOf(device)?.[0].seq ?? null,
    })
  }

  /** Made anew only when the list has changed. */
  changes(): ListChangeView[] {
    const { parts, keeper } = this.sources
    if (this.log?.length !== keeper.epochBytes.length + 1) this.log = changeLog(parts.secrets.crypto, keeper)
    return this.log
  }

  /** Members on links whose greeting named an earlier list (rule M6). */
  private notHeard(): string[] {
    const { keeper, engine } = this.sources
    const { list } = keeper
    const behind = [...engine.links.values()].filter((l) => l.epoch < list.epoch && list.devices.has(l.device))
    return [...new Set(behind.map((l) => keeper.nameOf(l.device)))].sort()
  }

  sync(): SyncView {
    const { engine, keeper } = this.sources
    const { catchUp } = engine
    const missing = catchUp.missing()
    const now = this.sources.parts.now()
    const overdue = missing ? engine.overdue(now) : null
    const unchecked = this.sources.unchecked()
    return {
      missing,
      have: [...engine.have.values()].reduce(
        (sum, { height, floating }) => sum + height + floating.reduce((n, { from, to }) => n + to - from + 1, 0),
        0,
      ),
      from: missing && catchUp.lastFrom !== null ? keeper.nameOf(catchUp.lastFrom) : null,
      peersOnline: engine.links.size,
      compared: [...engine.links.values()].some((link) => link.compared),
      ...(missing > 0 && { perSecond: this.sources.rate.perSecond(now) }),
      ...(overdue && { stalled: { from: keeper.nameOf(overdue.peer), againInMs: overdue.againInMs } }),
      ...(unchecked > 0 && { unchecked }),
    }
  }

  alerts(): Alert[] {
    const { keeper, requests, signing, board, recovery, damaged, trouble } = this.sources
    const alerts: Alert[] = []
    const add: AddAlert = (code, severity, details = {}) =>
      alerts.push({ code, severity, text: sentence(code, details) })
    const refused = trouble()
    if (refused) add(refused, 'error')
    const reading = recovery.view()
    if (this.sources.checking()) add('DATABASE_CHECKING', 'info')
    if (damaged) add('DATABASE_DAMAGED', 'warning', { file: recovery.file, recovered: recovery.recovered })
    if (reading) add('RECOVERING', 'info', { file: reading.file, done: reading.done })
    if (keeper.standing === 'removed' || requests.leaving) add('REMOVED_FROM_CIRCLE', 'warning')
    else if (signing.copied) add('DEVICE_COPIED', 'error')
    else if (keeper.rejoining) add('REJOIN_NEEDED', 'warning')
    else if (keeper.standing === 'provisional') this.provisionalAlert(add)
    else if (keeper.file.mustCatchUp) add('RESTORING', 'info')
    for (const { nodes } of board.all('fork'))
      if (isCurrentDevice(keeper.list, nodes[0].device))
        add('EQUIVOCATION', 'warning', { name: keeper.nameOf(nodes[0].device) })
    for (const [device, count] of this.sources.missigned())
      add('SIGNATURE_BY_CHAIN', 'warning', { name: keeper.nameOf(device), count })
    return alerts
  }

  private provisionalAlert(add: AddAlert): void {
    const { parts, identity, keeper, board, requests } = this.sources
    const { device } = identity
    const request = board.at(`join ${device}`)
    const code = board.at(`decline ${device}`)
      ? 'JOIN_REFUSED'
      : request?.type === 'join' && !currentMember(keeper.list, request.request.member)
        ? inviteCode(keeper.list, board.invite(request.invite), parts.now())
        : null
    if (code) add('PROVISIONAL_ENDED', 'error', { why: sentence(code) })
    else add('PROVISIONAL', 'info', { waitingFor: anyOf(requests.adminNames()) })
  }
}
