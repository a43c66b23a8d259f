// What is told upward of trouble: each problem once in a while, and of refused strangers a few a second. All of those are counted.
import type { DeviceKey } from '../../shared/types'
import { PROBLEM_EVERY_MS, PROBLEMS_MAX, REFUSED_EVENTS_PER_SECOND_MAX } from './limits'
import type { NetProblem, NetProblemCode } from './types'

interface Ports {
  now(): number
  problem(problem: NetProblem): void
  refused(device: DeviceKey): void
}

export class Reports {
  readonly #ports: Ports
  readonly #toldAt = new Map<string, number>()
  #strangers = 0
  #second = 0
  #inSecond = 0

  constructor(ports: Ports) {
    this.#ports = ports
  }

  get strangersRefused(): number {
    return this.#strangers
  }

  problem(code: NetProblemCode, detail: string): void {
    const now = this.#ports.now()
    const key = `${code} ${detail}`
    if (now - (this.#toldAt.get(key) ?? -Infinity) < PROBLEM_EVERY_MS) return
    if (this.#toldAt.size >= PROBLEMS_MAX) this.#toldAt.clear()
    this.#toldAt.set(key, now)
    this.#ports.problem({ code, detail })
  }

  refused(device: DeviceKey): void {
    this.#strangers++
    const second = Math.floor(this.#ports.now() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#inSecond = 0
    }
    if (this.#inSecond++ < REFUSED_EVENTS_PER_SECOND_MAX) this.#ports.refused(device)
  }
}
