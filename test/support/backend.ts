// A real backend in a folder of its own: keys in a file, sockets on loopback, no way out to the internet.
import { assemble, type Running } from '../../main/assemble'
import { fileVault } from '../../main/identity/vault'

/** Makes the identity too, its words confirmed. */
export async function newBackend(dir: string, name: string, workersDir?: string): Promise<Running> {
  process.env.TWOFOLD_BOOTSTRAP = ''
  process.env.TWOFOLD_BIND = '127.0.0.1'
  const running = await assemble({
    dir,
    vault: fileVault,
    vaultOf: () => fileVault,
    ...(workersDir !== undefined && { workersDir }),
    online: true,
  })
  const { handlers } = running.backend
  const { words } = await handlers['identity.create']({ name })
  const { phase } = await handlers['state.get']({})
  if (phase.phase === 'confirm-words')
    await handlers['identity.confirm']({ words: phase.ask.map((position) => words[position - 1]!) })
  return running
}
