// One node of the real soak: the whole backend in a process of its own, which does what its parent says.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TwofoldError } from '../../shared/errors'
import type { AppState } from '../../shared/types'
import { assemble } from '../../main/assemble'
import { fileVault } from '../../main/identity/vault'

export const NODE_FLAG = '--node'

export interface Sample {
  heapBytes: number
  rssBytes: number
  handles: number
  /** 0: the system does not tell. */
  descriptors: number
  diskBytes: number
  entries: number
}

export async function runNode(folder: string, own: string): Promise<void> {
  process.env.TWOFOLD_BOOTSTRAP = ''
  process.env.TWOFOLD_BIND = '127.0.0.1'
  const { backend, close } = await assemble({ dir: folder, vault: fileVault, vaultOf: () => fileVault, online: true })
  const { handlers } = backend
  const state = async (): Promise<AppState> => handlers['state.get']({})
  if ((await state()).phase.phase === 'welcome') {
    const { words } = await handlers['identity.create']({ name: own })
    const { phase } = await state()
    if (phase.phase === 'confirm-words')
      await handlers['identity.confirm']({ words: phase.ask.map((position) => words[position - 1]!) })
  }
  const sample = async (): Promise<Sample> => {
    globalThis.gc?.()
    const { heapUsed, rss } = process.memoryUsage()
    const files = readdirSync(folder).filter((file) => file.startsWith('timeline.sqlite'))
    return {
      heapBytes: heapUsed,
      rssBytes: rss,
      handles: process.getActiveResourcesInfo().length,
      descriptors: existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0,
      diskBytes: files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0),
      entries: (await state()).sync.have,
    }
  }
  const look = async () => {
    const view = await handlers['view.open']({ scope: { type: 'everyone' } })
    const at = Math.floor(Math.random() * view.total)
    const { rows } = await handlers['view.window']({ viewId: view.viewId, start: at, count: 50 })
    await handlers['view.close']({ viewId: view.viewId })
    if (rows[0]) await handlers['entry.react']({ id: rows[0].id, text: '👍' })
  }
  const orders: Record<string, (input: string) => Promise<unknown>> = {
    found: async () => {
      await handlers['circle.create']({ name: 'Soak', approval: 'auto', jump: 0 })
      return (await handlers['invite.create']({ hours: 24, uses: 10 })).link
    },
    join: async (link) => handlers['circle.join']({ link }),
    in: async () => (await state()).phase.phase === 'circle' && (await state()).circle?.standing === 'member',
    post: async (text) => handlers['entry.post']({ text }),
    look,
    sample,
    stop: async () => {
      await close()
      process.nextTick(() => process.exit(0))
    },
  }
  process.on('message', ({ id, order, input }: { id: number; order: string; input: string }) => {
    orders[order]!(input).then(
      (value) => process.send?.({ id, value: value ?? null }),
      // A refusal, as a person would see it now and then: a device that was just started may not write yet.
      (error: unknown) =>
        process.send?.(error instanceof TwofoldError ? { id, value: null } : { id, error: String(error) }),
    )
  })
  process.send?.({ id: 0, value: 'ready' })
}
