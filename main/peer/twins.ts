// Two runs with one device key (rule N7): a copied folder that runs beside the original. A member that is greeted by an earlier
// run of a device after a later one takes both to be alive, and lets each prove it to the other. The proof is a signature
// of the key itself over a mark that the other run drew, so nobody without the key can stop a device.
import type { DeviceKey } from '../../shared/types'
import { RUN_MARK_BYTES, aliveHolds, signAlive, type Alive } from '../protocol/alive'
import { equalBytes, toHex } from '../protocol/codec'
import type { AsideMessage } from '../protocol/engine'
import type { MemberList } from '../protocol/membership'
import type { Identity, Link, Parts } from './ports'

type TwinMessage = Extract<AsideMessage, { type: 'run-mark' | 'alive-want' | 'alive' }>

interface Ports {
  parts: Pick<Parts, 'secrets'>
  identity: Pick<Identity, 'device' | 'signAsDevice'>
  /** Start of this run, ms since 1970 UTC. */
  run: number
  list(): MemberList
  /** The start of the run that a device is linked with; null: it has no link. */
  runOf(device: DeviceKey): number | null
  tell(to: DeviceKey, message: AsideMessage): void
  /** Another run with our key is alive, and this one is the later of the two. */
  twin(): void
}

/** A run that has greeted: its start, and the mark that it drew. */
interface Run {
  run: number
  mark: Uint8Array
}

export class Twins {
  /** Nobody could know it before this run. */
  private readonly mark: Uint8Array
  /** The last two runs of each device, the one that greeted last at the end. */
  private readonly runs = new Map<DeviceKey, Run[]>()
  /** Devices of which both of these runs may be alive. */
  private readonly pairs = new Set<DeviceKey>()
  /** Proofs that wait for the run that they are for, by its mark. */
  private readonly proofs = new Map<DeviceKey, Map<string, Alive>>()

  constructor(private readonly ports: Ports) {
    this.mark = ports.parts.secrets.randomBytes(RUN_MARK_BYTES)
  }

  /** A device has opened a link. */
  linked({ remote }: Pick<Link, 'remote'>): void {
    this.ports.tell(remote, { type: 'run-mark', mark: this.mark })
  }

  heard(from: DeviceKey, message: TwinMessage): void {
    const run = this.ports.runOf(from)
    if (run === null) return
    switch (message.type) {
      case 'run-mark':
        this.greeted(from, { run, mark: message.mark })
        return
      case 'alive-want':
        this.answer(from, message.mark)
        return
      case 'alive':
        this.proven(from, message)
        return
    }
  }

  /**
   * A device that was started anew greets with a later run from then on. One whose earlier run greets after a later one, or
   * that has two of the very same start, is alive twice.
   */
  private greeted(device: DeviceKey, now: Run): void {
    const known = this.runs.get(device) ?? []
    const last = known.at(-1)
    if (last && !equalBytes(last.mark, now.mark) && now.run <= last.run) this.pairs.add(device)
    const others = known.filter(({ mark }) => !equalBytes(mark, now.mark))
    // Two are what a pair takes; a device that is started a hundred times leaves no more here.
    this.runs.set(device, [...others, now].slice(-2))
    if (this.pairs.has(device)) this.confront(device, now)
  }

  /** The run that is linked now is asked to prove itself to the other one, and given what the other one has proven. */
  private confront(device: DeviceKey, now: Run): void {
    const other = this.runs.get(device)!.find(({ mark }) => !equalBytes(mark, now.mark))
    if (other) this.ports.tell(device, { type: 'alive-want', mark: other.mark })
    const proof = this.proofs.get(device)?.get(toHex(now.mark))
    if (proof) this.ports.tell(device, { type: 'alive', ...proof })
  }

  private answer(to: DeviceKey, asked: Uint8Array): void {
    const { identity, run, list, tell } = this.ports
    // Nothing that names our own mark is ever signed here: it would prove a twin that is not.
    if (equalBytes(asked, this.mark)) return
    const alive = signAlive(list().circle, identity.device, { asked, run, mark: this.mark }, identity.signAsDevice)
    tell(to, { type: 'alive', ...alive })
  }

  private proven(from: DeviceKey, { type: _type, ...alive }: Extract<TwinMessage, { type: 'alive' }>): void {
    const { parts, identity, list } = this.ports
    const { crypto } = parts.secrets
    if (equalBytes(alive.asked, this.mark)) {
      if (aliveHolds(crypto, list().circle, identity.device, alive) && this.isEarlier(alive)) this.ports.twin()
      return
    }
    const wanted = this.runs.get(from)?.some(({ mark }) => equalBytes(mark, alive.asked))
    if (!this.pairs.has(from) || !wanted || !aliveHolds(crypto, list().circle, from, alive)) return
    const kept = this.proofs.get(from) ?? new Map<string, Alive>()
    this.proofs.set(from, kept)
    kept.set(toHex(alive.asked), alive)
    while (kept.size > 2) kept.delete(kept.keys().next().value!)
  }

  /** Of two runs the later one stops, whatever their clocks say: both come to the same answer. */
  private isEarlier({ run, mark }: Alive): boolean {
    if (run !== this.ports.run) return run < this.ports.run
    return toHex(mark) < toHex(this.mark)
  }
}
