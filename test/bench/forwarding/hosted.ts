// A process of peers as its parent sees it. The program is the bench's own, started with `--host`.
import { fork, type ChildProcess } from 'node:child_process'
import type { HostReport, Order, Setup } from './host'

/** A process with some peers; answers come in the order of what was asked. */
export class Hosted {
  private child: ChildProcess
  private readonly waiting: { resolve(answer: HostReport | null): void; reject(error: Error): void }[] = []
  constructor(readonly setup: Setup) {
    this.child = this.launch()
  }
  private launch(): ChildProcess {
    const child = fork(process.argv[1]!, ['--host'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.on('message', (answer) => this.waiting.shift()?.resolve(answer as HostReport | null))
    // Nobody is to wait for the answers of one that crashed.
    child.on('exit', (code) => {
      if (this.child !== child) return
      for (const { reject } of this.waiting.splice(0)) reject(new Error(`peers ended with ${code}`))
    })
    return child
  }
  private ask(message: Order | { setup: Setup }): Promise<HostReport | null> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.child.send(message)
    })
  }
  start = () => this.ask({ setup: this.setup })
  post = (peer: number) => this.ask({ order: 'post', peer })
  reset = () => this.ask({ order: 'reset' })
  report = async () => (await this.ask({ order: 'report' }))!
  stop = () => this.ask({ order: 'stop' })
  get pid(): number {
    return this.child.pid!
  }
  kill(): void {
    this.waiting.length = 0
    this.child.kill('SIGKILL')
  }
  async restart(): Promise<void> {
    this.child = this.launch()
    await this.start()
  }
}
