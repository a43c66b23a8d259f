// Which blocks of the product's code an input runs through, by V8's own counters: the guide towards inputs that reach more.
import { Session } from 'node:inspector'
import type { Profiler } from 'node:inspector'

export class Coverage {
  private readonly session = new Session()
  private readonly seen = new Set<string>()

  /** `file`: address of the bundle whose blocks count. */
  constructor(private readonly file: string) {
    this.session.connect()
    this.ask('Profiler.enable')
    this.ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  private ask(method: string, parameters?: object): unknown {
    // Within one process the inspector answers before `post` returns.
    let answer: unknown
    this.session.post(method, parameters, (error, result) => {
      if (error) throw error
      answer = result
    })
    return answer
  }

  /** Blocks run through since it was asked last. */
  private blocks(): string[] {
    const { result } = this.ask('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType
    const blocks: string[] = []
    for (const script of result)
      if (script.url === this.file)
        for (const { ranges } of script.functions)
          for (const { startOffset, endOffset, count } of ranges)
            if (count > 0) blocks.push(`${startOffset}-${endOffset}`)
    return blocks
  }

  /** Forgets what other code did meanwhile. */
  start(): void {
    this.blocks()
  }
  /** Blocks that were never seen before; they are from now on. */
  fresh(): string[] {
    const fresh = this.blocks().filter((block) => !this.seen.has(block))
    for (const block of fresh) this.seen.add(block)
    return fresh
  }
  /** Whether any of these blocks was run through. */
  hits(of: ReadonlySet<string>): boolean {
    return this.blocks().some((block) => of.has(block))
  }

  get size(): number {
    return this.seen.size
  }
  stop(): void {
    this.ask('Profiler.stopPreciseCoverage')
    this.session.disconnect()
  }
}
