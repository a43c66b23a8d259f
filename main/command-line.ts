// What the command line needs of the parts, for both of its entries (plain Node and the installed app): how a folder is
// opened alone, by which vault its keys are kept, and how a proof file is checked.
import { TwofoldError } from '../shared/errors'
import { checkArchive } from './archive/check'
import { formOf } from './archive/reading'
import { assemble } from './assemble'
import { askHidden } from './cli/terminal'
import type { OpenAlone } from './cli/session'
import { crypto, keyPairFromSeed, signer } from './identity/sodium'
import { fileVault, passphraseVault, type Vault } from './identity/vault'
import { PROOF_FENCE } from './peer/copying'
import { checkProofFile } from './peer/proof'
import type { Step } from './protocol/archive'
import { decodeContent } from './protocol/kinds'
import { seedFolder } from './seed'
import { vaultsWith } from './vaults'

function proofChecker(text: string) {
  const checked = checkProofFile(crypto, text, Date.now())
  const content = decodeContent(checked.node.kind, checked.node.body)
  return { ...checked, text: content && 'text' in content ? content.text : null }
}

/** The proofs in a file: those that quotes carry, else the whole file is one. */
function proofsIn(text: string): string[] {
  const fence = new RegExp(`^\`\`\`${PROOF_FENCE}\\n(.*?)\\n\`\`\`$`, 'gms')
  const quoted = [...text.matchAll(fence)].map((found) => found[1]!)
  return quoted.length ? quoted : [text]
}

/** What commands need of the parts that only an entry may import. */
export const commandParts = (env: NodeJS.ProcessEnv) => ({
  checkProof: proofChecker,
  proofsIn,
  archives: { formOf, check: (path: string, step: Step) => checkArchive(crypto, path, Date.now(), step) },
  seed: seedFolder(env),
  keys: {
    crypto,
    pairOf(seed: Uint8Array) {
      const pair = keyPairFromSeed(seed)
      return { publicKey: pair.publicKey, sign: signer(pair) }
    },
  },
})

/** Keys are kept by TWOFOLD_PASSPHRASE where it is set, else by a file; a keychain only where one is handed in. */
export const openAlone =
  (env: NodeJS.ProcessEnv, keychain?: Vault): OpenAlone =>
  async (dir, online) => {
    const open = (passphrase: string | undefined) => {
      const vault = passphrase === undefined ? fileVault : passphraseVault(passphrase)
      return assemble({ dir, vault, vaultOf: vaultsWith(passphrase, keychain), workersDir: __dirname, online })
    }
    const given = env.TWOFOLD_PASSPHRASE || undefined
    try {
      return await open(given)
    } catch (error) {
      const needed = error instanceof TwofoldError && error.code === 'PASSPHRASE_NEEDED'
      if (!needed || !process.stdin.isTTY) throw error
      return open(await askHidden('Passphrase of this folder: '))
    }
  }
