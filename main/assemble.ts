// Puts the parts together for one data folder: keys, store, network, rendering, the backend on top of them, and the local
// socket beside the window. The only place, with the entries, that knows all rooms.
import encodeQr from 'qr'
import { version } from '../package.json'
import { archivePort } from './archives'
import {
  adoptIdentity,
  createIdentity,
  confirmWords,
  discardIdentity,
  openIdentity,
  renewIdentity,
} from './identity/keystore'
import { secrets } from './identity/secrets'
import { crypto, open, seal } from './identity/sodium'
import type { KeptBy, Vault } from './identity/vault'
import { startControl } from './ipc/control-server'
import { openLog } from './log'
import { parseHostPort } from './net/address'
import { Backend } from './peer/backend'
import type { NetworkConfig } from './peer/ports'
import { differences } from './render/differences'
import { facetsOf } from './render/facets'
import { RENDER_VERSION, firstWords, renderMarkdown } from './render/markdown'
import { markTree } from './render/marks'
import { readAgreement, readNotices, writeAgreement, writeNotices } from './store/agreement-file'
import { clearJoining, readCircle, readJoining, setCircleAside, writeCircle, writeJoining } from './store/circle-file'
import { openFolder } from './store/files'
import { folderUse, forgetAside } from './store/folder-use'
import { lockFolder } from './store/folder-lock'
import { openOrSalvage } from './store/salvage'
import { readSettings, writeSettings } from './store/settings-file'
import { checkBeside } from './workers/checker'
import { Turn } from './workers/store-thread'
import { Workers } from './workers/workers'

export interface AssembleOptions {
  /** The data folder, absolute; made if it is not there. */
  dir: string
  /** Seals a new identity. */
  vault: Vault
  /** Opens an identity by what it is kept by. Throws KEYS_LOCKED, PASSPHRASE_NEEDED, KEYCHAIN_UNAVAILABLE. */
  vaultOf(keptBy: KeptBy): Vault
  /** Where the built entries of the threads are; absent: everything is done on this one. */
  workersDir?: string
  /** False: nothing is sent or received; what is written goes out when something next runs. */
  online: boolean
  /** The network is loaded and started only then, and nobody waits for it: what is on the disk is shown before. */
  networkAfter?: Promise<void>
}

export interface Running {
  backend: Backend
  close(): Promise<void>
}

/**
 * Test networks: "host:port,…" of DHT nodes to use instead of the public ones, and the address to bind to. Anything else
 * would need the internet.
 */
function networkOverrides(): { bootstrap?: { host: string; port: number }[]; host?: string; loopbackBeacon?: boolean } {
  const { TWOFOLD_BOOTSTRAP, TWOFOLD_BIND } = process.env
  const nodes = (TWOFOLD_BOOTSTRAP ?? '').split(',').flatMap((text) => {
    const parsed = parseHostPort(text)
    return parsed.ok ? [{ host: parsed.host, port: parsed.port }] : []
  })
  return {
    ...(TWOFOLD_BOOTSTRAP !== undefined && { bootstrap: nodes }),
    ...(TWOFOLD_BIND && { host: TWOFOLD_BIND, loopbackBeacon: TWOFOLD_BIND.startsWith('127.') }),
  }
}

/** Opens a data folder for this process alone. Throws a TwofoldError that says why it cannot be opened. */
export async function assemble(options: AssembleOptions): Promise<Running> {
  const { dir, vault, vaultOf, online, networkAfter, workersDir } = options
  const files = openFolder(dir)
  const unlock = lockFolder(dir)
  const log = openLog(dir)
  const now = () => Date.now()
  const turn = new Turn()
  const startNetwork = async (config: NetworkConfig) => {
    await networkAfter
    const { Network } = await import('./net/network')
    const { preferredPort, ...rest } = config
    return new Network({ ...rest, seal, open, now, ...(preferredPort > 0 && { preferredPort }), ...networkOverrides() })
  }
  try {
    const backend = new Backend({
      dir,
      version,
      secrets,
      identity: {
        open: () => openIdentity(files, vaultOf),
        create: (name, entropy) => createIdentity(files, vault, name, entropy),
        adopt: (device) => adoptIdentity(files, vault, device),
        confirm: () => confirmWords(files),
        discard: () => discardIdentity(files),
        renew: () => renewIdentity(files, vaultOf),
      },
      files: {
        readCircle: () => readCircle(files, now()),
        writeCircle: (circle) => writeCircle(files, circle),
        setCircleAside: (at) => setCircleAside(dir, at),
        readAgreement: () => readAgreement(files),
        writeAgreement: (state) => writeAgreement(files, state),
        readNotices: () => readNotices(files, now()),
        writeNotices: (notices) => writeNotices(files, notices),
        readJoining: () => readJoining(files, now()),
        writeJoining: (link) => writeJoining(files, link),
        clearJoining: () => clearJoining(files),
        readSettings: (at) => readSettings(files, at),
        writeSettings: (settings) => writeSettings(files, settings),
        damagedFiles: () => [...files.setAsides],
        usage: () => folderUse(dir),
        forgetAside: (file) => forgetAside(dir, file),
      },
      openStore: (known) => openOrSalvage(dir, crypto, now(), known, { turn, checkBeside: workersDir !== undefined }),
      checkStore: workersDir === undefined ? null : () => checkBeside(workersDir, dir),
      workers: workersDir === undefined ? null : (hooks) => new Workers(workersDir, dir, turn, hooks),
      archive: archivePort,
      network: online ? startNetwork : null,
      parseHostPort,
      render: (text) =>
        renderMarkdown(text, (error) => log('error', 'render', { error: error instanceof Error ? error.message : '' })),
      renderVersion: RENDER_VERSION,
      facets: facetsOf,
      differences,
      mark: markTree,
      excerpt: firstWords,
      qr: (text) => encodeQr(text, 'raw', { ecc: 'medium', border: 4 }),
      now,
      after: (ms, run) => {
        if (ms <= 0) {
          // When this turn is over, not a ms later and behind all timers that are due: somebody waits for it.
          const turn = setImmediate(run)
          return () => clearImmediate(turn)
        }
        const timer = setTimeout(run, ms)
        return () => clearTimeout(timer)
      },
      log,
    })
    const report = (during: string, error: unknown) =>
      log('error', during, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    await backend.start(networkAfter === undefined)
    const control = await startControl(dir, backend, report)
    return {
      backend,
      async close() {
        await control.close()
        await backend.close()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}
