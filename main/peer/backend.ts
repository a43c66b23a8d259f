// The backend of one data folder: which phase it is in, the handlers of the contract, and the state that is pushed. A
// window and a command line are served by the same value.
import type { ErrorCode } from '../../shared/errors'
import { TwofoldError, sentence } from '../../shared/errors'
import type { Handlers, PushedEvent, Result, TextHandlers } from '../../shared/ipc-contract'
import type { Alert, AppPhase, AppState, NetworkView, ViewWindow } from '../../shared/types'
import { toHex } from '../protocol/codec'
import { validName } from '../protocol/kinds'
import { makeGenesis } from '../protocol/genesis'
import { Circle } from './circle'
import { circleIdOf } from './list-keeper'
import { noteBackup } from './recovery'
import { headOf } from './restoring'
import { storageHandlers } from './storage-handlers'
import { Joining, previewOf, readInvitation, type Invitation, type Joined } from './joining'
import type { CircleFile, Identity, Parts, SettingsFile } from './ports'

/** State is pushed at most this often. */
const PUSH_EVERY_MS = 100
/** Long enough to fetch the other device, short enough that a photograph of the code is soon worth nothing. */
const DEVICE_INVITE_HOURS = 0.25
/** Keys to come with: who comes with one that is taken cuts the other one off. */
const DEVICE_INVITE_SLOTS = 4
/** Words asked for after they were shown: enough to know that they were written down. */
const ASKED_WORDS = 3

/** Where a draft is kept: the composer's own, or that of an answer. */
const draftKey = (about?: string): string => (about === undefined ? 'draft' : `draft ${about}`)

const noWindow = (): never => {
  throw new TwofoldError('FORBIDDEN')
}
const name = (text: string): string => {
  const valid = validName(text)
  if (valid === null) throw new TwofoldError('NAME_INVALID')
  return valid
}

export class Backend {
  private identity: Identity | null = null
  private circle: Circle | null = null
  private joining: Joining | null = null
  private settings: SettingsFile
  private draft = ''
  private ask: number[] = []
  private readonly listeners = new Set<(pushed: PushedEvent) => void>()
  private timer: NodeJS.Timeout | null = null
  /** Sentences that stay until they are dismissed, by code. */
  private readonly notices = new Map<string, Alert>()
  private closed = false

  constructor(private readonly parts: Parts) {
    const { settings, setAside } = parts.files.readSettings(parts.now())
    this.settings = settings
    if (setAside !== null) this.notice('SETTINGS_DAMAGED', 'warning', { file: setAside })
  }

  /**
   * Opens what is there, and with `awaitNetwork` also waits until it can be reached. Throws what keeps the folder from being
   * opened at all (KEYS_LOCKED, DATABASE_NEWER, …).
   */
  async start(awaitNetwork = true): Promise<void> {
    this.identity = this.parts.identity.open()
    this.askWords()
    const { files, network } = this.parts
    const file = this.identity && files.readCircle()
    const link = network && (!file || file.rejoin) ? files.readJoining() : null
    if (file && link === null) await this.openCircle(file, awaitNetwork)
    else if (link !== null) {
      const joining = this.join(link).catch((error: unknown) => this.joinFailed(error))
      if (awaitNetwork) await joining
    }
    this.tellDamagedFiles()
  }

  /** Small files that were set aside in this run. */
  private tellDamagedFiles(): void {
    for (const { file, aside } of this.parts.files.damagedFiles()) {
      if (file === 'settings.json') continue
      if (file === 'circle.json') this.notice('CIRCLE_REPAIRED', 'warning', { aside })
      else if (file === 'joining.json') this.notice('JOINING_DAMAGED', 'warning', { aside })
      else this.notice('FILE_SET_ASIDE', 'warning', { file, aside })
    }
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    if (this.timer) clearTimeout(this.timer)
    await this.joining?.stop()
    await this.circle?.stop()
  }

  subscribe(listener: (pushed: PushedEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Tells every window and command line. */
  push(pushed: PushedEvent): void {
    for (const listener of this.listeners) listener(pushed)
  }

  private changed(): void {
    if (this.closed || !this.listeners.size) return
    this.timer ??= setTimeout(() => {
      this.timer = null
      this.push({ event: 'state', payload: this.state() })
    }, PUSH_EVERY_MS)
  }

  private notice(code: ErrorCode, severity: Alert['severity'], details: Record<string, string | number> = {}): void {
    this.notices.set(code, { code, severity, text: sentence(code, details) })
    this.changed()
  }

  // -------------------------------------------------------------- phases

  private askWords(): void {
    if (!this.identity || this.identity.confirmed || this.ask.length) return
    const all = Array.from({ length: 24 }, (_unused, i) => i + 1)
    const random = this.parts.secrets.randomBytes(ASKED_WORDS)
    this.ask = [...random].map((byte) => all.splice(byte % all.length, 1)[0]!).sort((a, b) => a - b)
  }

  private phase(): AppPhase {
    const { identity } = this
    if (this.joining && !identity)
      return { phase: 'joining', name: '', preview: this.joining.preview, state: this.joining.state }
    if (!identity) return { phase: 'welcome' }
    if (!identity.confirmed) return { phase: 'confirm-words', name: identity.name, ask: this.ask }
    if (this.circle) return { phase: this.circle.standing === 'removed' ? 'removed' : 'circle', name: identity.name }
    if (this.joining)
      return { phase: 'joining', name: identity.name, preview: this.joining.preview, state: this.joining.state }
    return { phase: 'no-circle', name: identity.name, restored: identity.restored }
  }

  state(): AppState {
    const { identity, circle, settings } = this
    const me = identity && {
      member: identity.member,
      name: identity.name,
      device: identity.device,
      rootKey: identity.signAsMember !== null,
    }
    return {
      phase: this.phase(),
      me,
      circle: circle?.views.circle() ?? null,
      network: circle?.networkView() ?? this.noNetwork(),
      sync: circle?.views.sync() ?? { missing: 0, have: 0, from: null, peersOnline: 0, compared: false },
      alerts: [...(circle?.views.alerts() ?? []), ...this.notices.values()],
      settings: {
        theme: settings.theme,
        density: settings.density,
        language: settings.language,
        lan: settings.lan,
        internet: settings.internet,
        capKiB: settings.capKiB,
        capPeerKiB: settings.capPeerKiB,
      },
      dataDir: this.parts.dir,
      version: this.parts.version,
      keysKeptBy: identity?.keptBy ?? null,
    }
  }

  private noNetwork(): NetworkView {
    return {
      listening: false,
      port: 0,
      interfaces: [],
      internet: 'off',
      lan: 'off',
      links: [],
      problems: [],
      strangersRefused: 0,
      refused: {},
      keptOut: [],
      copiesSent: 0,
      copiesReceived: 0,
      entriesRouted: 0,
      manualAddresses: this.settings.manualAddresses,
    }
  }

  private requireIdentity(): Identity {
    if (!this.identity) throw new TwofoldError('IDENTITY_MISSING')
    return this.identity
  }
  private requireCircle(): Circle {
    this.requireIdentity()
    if (!this.circle) throw new TwofoldError('CIRCLE_MISSING')
    return this.circle
  }

  private async openCircle(file: CircleFile, awaitNetwork = true): Promise<void> {
    const circle = new Circle(this.parts, this.requireIdentity(), file, this.settings, {
      changed: () => this.changed(),
      viewChanged: (payload) => this.push({ event: 'view.changed', payload }),
      removed: () => this.changed(),
      portChanged: (port) => {
        if (port && port !== this.settings.port) this.saveSettings({ port })
      },
    })
    // The device key was renewed, and the process ended before the old circle was put aside.
    if (circle.standing === 'provisional' && !file.provisional) {
      await circle.stop()
      this.parts.files.setCircleAside(this.parts.now())
      return
    }
    this.circle = circle
    this.draft = circle.store.meta('draft') ?? ''
    this.changed()
    const started = circle.start()
    if (awaitNetwork) await started
    else started.catch((error: unknown) => this.parts.log('error', 'network', { error: String(error) }))
  }

  private saveSettings(change: Partial<SettingsFile>): void {
    const next = { ...this.settings, ...change }
    this.parts.files.writeSettings(next)
    this.settings = next
    this.changed()
  }

  private newFile(
    genesis: Uint8Array,
    epochs: Uint8Array[],
    secret: Uint8Array,
    mustCatchUp: boolean,
    provisional = false,
  ): CircleFile {
    return {
      version: 1,
      genesis: toHex(genesis),
      epochs: epochs.map(toHex),
      secrets: [toHex(secret)],
      invites: [],
      wants: [],
      provisional,
      mustCatchUp,
    }
  }

  private async create(circleName: string, approval: 'auto' | 'ask', jump: 0 | 1 | 2 | 3): Promise<void> {
    const identity = this.requireIdentity()
    if (this.circle) throw new TwofoldError('CIRCLE_EXISTS')
    const { signAsMember } = identity
    if (!signAsMember) throw new TwofoldError('ROOT_KEY_ELSEWHERE')
    await this.cancelJoin()
    const { secrets } = this.parts
    const genesis = makeGenesis(
      secrets.crypto,
      {
        name: name(circleName),
        founder: identity.member,
        founderName: identity.name,
        founderDevice: identity.device,
        approval,
        jump,
        timestamp: this.parts.now(),
        nonce: secrets.randomBytes(16),
      },
      signAsMember,
    )
    const file = this.newFile(genesis.bytes, [], secrets.randomBytes(32), false)
    this.parts.files.writeCircle(file)
    await this.openCircle(file)
  }

  private async join(text: string): Promise<void> {
    if (this.circle && !this.circle.rejoining) throw new TwofoldError('CIRCLE_EXISTS')
    const invitation = this.invitation(text)
    const identity = invitation.forDevice ? this.identity : this.requireIdentity()
    if (!this.parts.network) throw new TwofoldError('NO_INTERFACE')
    const own = this.parts.files.readCircle()
    if (own && invitation.link && invitation.link.circle !== circleIdOf(this.parts.secrets.crypto, own))
      throw new TwofoldError('INVITE_OTHER_CIRCLE')
    await this.endJoining()
    // What was restored rests meanwhile: a device is on one network at a time.
    await this.circle?.stop()
    this.circle = null
    this.parts.files.writeJoining(text)
    // What went wrong with an earlier invite is of no interest any more.
    for (const [code, { severity }] of this.notices) if (severity === 'error') this.notices.delete(code)
    const joining = new Joining(invitation, {
      parts: this.parts,
      identity,
      lan: this.settings.lan,
      internet: this.settings.internet,
      port: this.settings.port,
      changed: () => this.changed(),
      certified: (device) => (this.identity = this.parts.identity.adopt(device)),
      joined: (result) => void this.joined(result).catch((error: unknown) => this.joinFailed(error)),
      failed: (code) => this.joinFailed(new TwofoldError(code)),
    })
    this.joining = joining
    this.changed()
    await joining.start().catch(async (error: unknown) => {
      if (this.joining === joining) await this.cancelJoin()
      throw error
    })
  }

  /** What a person pasted. Throws why it is none, and DEVICE_LINK where there is somebody already. */
  private invitation(text: string): Invitation {
    const invitation = readInvitation(this.parts, text)
    // A device that was certified before the app ended goes on with its link.
    if (invitation.forDevice && this.identity?.signAsMember) throw new TwofoldError('DEVICE_LINK')
    return invitation
  }

  private async joined({ genesis, epochs, secret, provisional }: Joined): Promise<void> {
    const own = this.parts.files.readCircle()
    const file = this.newFile(genesis, epochs, secret, this.requireIdentity().restored, provisional)
    if (own && own.genesis !== file.genesis) {
      this.joinFailed(new TwofoldError('INVITE_OTHER_CIRCLE'))
      return
    }
    this.parts.files.writeCircle(own ? { ...file, secrets: [...new Set([...file.secrets, ...own.secrets])] } : file)
    this.parts.files.clearJoining()
    this.joining = null
    await this.openCircle(this.parts.files.readCircle() ?? file)
  }

  private joinFailed(error: unknown): void {
    this.joining = null
    this.parts.files.clearJoining()
    if (!(error instanceof TwofoldError)) this.parts.log('error', 'joining', { error: String(error) })
    const { code, details } = error instanceof TwofoldError ? error : new TwofoldError('INTERNAL')
    this.notice(code, 'error', { ...details })
    void this.comeBack()
  }

  private async endJoining(): Promise<void> {
    const { joining } = this
    this.joining = null
    this.parts.files.clearJoining()
    await joining?.stop()
  }
  private async cancelJoin(): Promise<void> {
    await this.endJoining()
    await this.comeBack()
    this.changed()
  }
  /** What was restored is shown again, when it was not let in. */
  private async comeBack(): Promise<void> {
    const file = this.circle || this.closed ? null : this.parts.files.readCircle()
    if (file) await this.openCircle(file)
  }

  /** Back from a backup (rule N7): a new device of the member behind the words, with all entries at once. */
  private async restoreBackup(path: string, words: string, given: string | undefined): Promise<void> {
    const entropy = this.parts.secrets.entropyFromWords(words)
    if (this.circle) throw new TwofoldError('CIRCLE_EXISTS')
    const head = headOf(this.parts.archive, path, entropy)
    const member = toHex(this.parts.secrets.keyPairFromSeed(entropy).publicKey)
    // An earlier attempt may have ended right here.
    if (this.identity?.member !== member || !this.identity.restored) this.makeIdentity(given ?? head.name, entropy)
    await this.cancelJoin()
    const { store } = this.parts.openStore({ circle: circleIdOf(this.parts.secrets.crypto, head.file), devices: [] })
    try {
      noteBackup(store, path)
    } finally {
      store.close()
    }
    this.parts.files.writeCircle(head.file)
    await this.openCircle(head.file)
  }

  /** Rule N7: this folder was one of two with one key; it goes on as a new device of the same member. */
  private async renewDevice(): Promise<void> {
    const circle = this.requireCircle()
    if (!circle.copied) throw new TwofoldError('DEVICE_NOT_COPIED')
    await circle.stop()
    this.circle = null
    this.draft = ''
    if (this.requireIdentity().signAsMember) this.identity = this.parts.identity.renew()
    else {
      // Only a device that has the root key can certify another one: this folder begins anew.
      this.parts.identity.discard()
      this.identity = null
    }
    this.parts.files.setCircleAside(this.parts.now())
    this.changed()
  }

  private discard(): void {
    if (this.circle) throw new TwofoldError('CIRCLE_EXISTS')
    this.parts.identity.discard()
    this.identity = null
    this.ask = []
    this.changed()
  }

  private makeIdentity(text: string, entropy?: Uint8Array): Identity {
    const valid = name(text)
    if (this.identity?.confirmed) throw new TwofoldError('IDENTITY_EXISTS')
    if (this.identity) this.discard()
    this.identity = this.parts.identity.create(valid, entropy)
    this.askWords()
    this.changed()
    return this.identity
  }

  private confirm(words: string[]): void {
    const identity = this.requireIdentity()
    if (identity.confirmed) return
    const real = identity.words()
    this.ask.forEach((position, i) => {
      if ((words[i] ?? '').trim().toLowerCase() !== real[position - 1])
        throw new TwofoldError('WORDS_MISMATCH', { position })
    })
    this.parts.identity.confirm()
    this.identity = this.parts.identity.open()
    this.changed()
  }

  private address(text: string): { host: string; port: number } {
    const parsed = this.parts.parseHostPort(text)
    if (!parsed.ok) throw new TwofoldError('ADDRESS_INVALID')
    return parsed
  }

  // -------------------------------------------------------------- the contract

  /** Windows are put together from texts, and sent on as such. */
  readonly texts: TextHandlers = {
    'view.open': (input) => this.requireCircle().reader.openView(input),
    'view.window': ({ viewId, start, count }) => this.requireCircle().reader.window(viewId, start, count),
    'view.at': ({ viewId, time, count }) => this.requireCircle().reader.viewAt(viewId, time, count),
  }

  readonly handlers: Handlers = {
    'state.get': () => this.state(),
    'settings.set': async (change) => {
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
      this.saveSettings(given)
      await this.circle?.connections.applySettings(this.settings)
      return null
    },
    'identity.create': ({ name: text }) => ({ words: this.makeIdentity(text).words() }),
    'identity.words': () => {
      const identity = this.requireIdentity()
      if (identity.confirmed) throw new TwofoldError('FORBIDDEN')
      return { words: identity.words() }
    },
    'identity.confirm': ({ words }) => {
      this.confirm(words)
      return null
    },
    'identity.discard': async () => {
      await this.cancelJoin()
      this.discard()
      return null
    },
    'identity.restore': ({ name: text, words }) => {
      this.makeIdentity(text, this.parts.secrets.entropyFromWords(words))
      return null
    },
    'identity.suggest': ({ prefix }) => this.parts.secrets.suggestWords(prefix),

    'circle.create': async ({ name: text, approval, jump }) => {
      await this.create(text, approval, jump)
      return null
    },
    'invite.create': ({ hours, uses }) => this.requireCircle().admission.create(hours, uses),
    'device.invite': () => this.requireCircle().admission.create(DEVICE_INVITE_HOURS, DEVICE_INVITE_SLOTS, true),
    'invite.show': ({ id }) => this.requireCircle().admission.show(id),
    'invite.revoke': ({ id }) => {
      this.requireCircle().admission.revoke(id)
      return null
    },
    'invite.preview': ({ link }) => {
      const invitation = this.invitation(link)
      return previewOf(invitation.link, invitation.forDevice)
    },
    'circle.join': async ({ link }) => {
      await this.join(link)
      return null
    },
    'circle.joinConfirm': () => {
      this.joining?.confirm()
      return null
    },
    'circle.joinCancel': async () => {
      await this.cancelJoin()
      return null
    },
    'request.approve': async ({ id }) => {
      await this.requireCircle().requests.approve(id)
      return null
    },
    'request.refuse': ({ id }) => {
      this.requireCircle().admission.refuseRequest(id)
      return null
    },
    'member.remove': ({ member }) => this.requireCircle().requests.removeMember(member),
    'member.role': ({ member, role }) => this.requireCircle().requests.setRole(member, role),
    'device.remove': ({ device }) => this.requireCircle().requests.removeDevice(device),
    'device.renew': async () => {
      await this.renewDevice()
      return null
    },
    'circle.leave': () => this.requireCircle().requests.leave(),
    'circle.recover': () => {
      this.requireCircle().requests.recover()
      return null
    },
    'change.withdraw': ({ key }) => {
      this.requireCircle().requests.withdraw(key)
      return null
    },
    'members.list': () => {
      const circle = this.requireCircle()
      return { members: circle.views.members(), changes: circle.views.changes() }
    },
    'member.seen': ({ scope }) => {
      this.requireCircle().reader.markSeen(scope)
      return null
    },

    'entry.post': async ({ text, replyTo }) => {
      const { author, reader } = this.requireCircle()
      const id = await author.post(text, replyTo)
      return id === null ? null : reader.row(id)
    },
    'entry.react': async ({ id, text }) => {
      const { author, reader } = this.requireCircle()
      await author.react(id, text)
      return reader.row(id)
    },
    'entry.edit': async ({ id, text }) => {
      const { author, reader } = this.requireCircle()
      await author.edit(id, text)
      return reader.row(id)
    },
    'entry.retract': async ({ id }) => {
      const { author, reader } = this.requireCircle()
      await author.retract(id)
      return reader.row(id)
    },
    'entry.history': ({ id }) => this.requireCircle().reader.versions(id),
    'entry.bookmark': ({ id, on }) => {
      this.requireCircle().reader.bookmark(id, on)
      return null
    },
    'entry.copy': ({ ids, form }) => ({ text: this.requireCircle().reader.copy(ids, form) }),
    'entry.text': ({ id }) => ({ text: this.requireCircle().reader.text(id) }),
    'entry.preview': ({ text }) => this.parts.render(text),
    'tags.suggest': ({ prefix }) => this.requireCircle().reader.tags(prefix),
    'entry.inspect': ({ id }) => this.requireCircle().reader.inspect(id),
    'entry.holders': ({ id }) => this.requireCircle().reader.holders(id),
    'entry.proof': ({ id, holders }) => this.requireCircle().reader.proof(id, holders),
    'device.forkProof': ({ device }) => this.requireCircle().reader.forkProof(device),
    'draft.get': ({ about }) => ({
      text: about === undefined ? this.draft : (this.requireCircle().store.meta(draftKey(about)) ?? ''),
    }),
    'draft.set': ({ text, about }) => {
      if (about === undefined) this.draft = text
      this.circle?.store.setMeta(draftKey(about), text)
      return null
    },

    'view.open': (input) => JSON.parse(this.texts['view.open'](input)) as ViewWindow,
    'view.window': (input) => JSON.parse(this.texts['view.window'](input)) as ViewWindow,
    'view.position': ({ viewId, id }) => this.requireCircle().reader.position(viewId, id),
    'view.at': (input) => JSON.parse(this.texts['view.at'](input)) as Result<'view.at'>,
    'view.histogram': ({ viewId, bins }) => this.requireCircle().reader.histogram(viewId, bins),
    'search.save': (search) => {
      this.requireCircle().reader.searches.save(search)
      this.changed()
      return null
    },
    'search.forget': ({ key }) => {
      this.requireCircle().reader.searches.forget(key)
      this.changed()
      return null
    },
    'view.close': ({ viewId }) => {
      this.requireCircle().reader.closeView(viewId)
      return null
    },

    'network.get': () => this.circle?.networkView() ?? this.noNetwork(),
    'network.live': () => this.requireCircle().networkLive(),
    'network.addAddress': ({ address }) => {
      const { host, port } = this.address(address)
      const text = `${host}:${port}`
      if (!this.settings.manualAddresses.includes(text))
        this.saveSettings({ manualAddresses: [...this.settings.manualAddresses, text] })
      this.circle?.connections.addAddress(host, port)
      return null
    },
    'network.removeAddress': ({ address }) => {
      const { host, port } = this.address(address)
      this.saveSettings({ manualAddresses: this.settings.manualAddresses.filter((a) => a !== `${host}:${port}`) })
      this.circle?.connections.removeAddress(host, port)
      return null
    },
    'network.readmit': ({ device }) => {
      this.requireCircle().connections.readmit(device)
      return null
    },
    'network.diagnose': ({ member }) => this.requireCircle().connections.diagnose(member),
    'network.refresh': () => {
      this.circle?.connections.refresh()
      return null
    },
    // The window's shell answers these; there is no window here.
    'window.camera': noWindow,
    'window.rest': noWindow,
    'window.place': noWindow,
    ...storageHandlers({
      parts: () => this.parts,
      circle: () => this.requireCircle(),
      keepMirror: (mirror) => this.saveSettings({ mirror }),
      restore: (path, words, given) => this.restoreBackup(path, words, given),
    }),
    'alert.dismiss': ({ code }) => {
      this.notices.delete(code)
      this.changed()
      return null
    },
  }
}
