// Entries as text that leaves Twofold: as markdown for a document, or as a quote that carries its own proof.
import type { Row } from '../../shared/types'

export type CopyForm = 'markdown' | 'quote'
/** The word behind a fence that `twofold verify` looks for. */
export const PROOF_FENCE = 'twofold-proof'

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
/** A name may hold what markdown reads. */
const plain = (name: string): string => name.replace(/[\\`*_[\]<>#|]/g, '\\$&')

/** `rows`: oldest first. Withdrawn entries are left out: their author took them back. */
export function copied(rows: readonly Row[], form: CopyForm, proofOf: (row: Row) => string): string {
  const standing = rows.filter((row) => !row.retracted && row.text)
  return standing
    .map((row) => {
      const head = `**${plain(row.memberName)}**, ${time(row.timestamp)}${row.edited ? ` (edited ${time(row.edited.at)})` : ''}`
      if (form === 'markdown') return `${head}\n\n${row.text}\n`
      const quote = `${head}\n\n${row.text}`.replace(/^/gm, '> ').replace(/^> $/gm, '>')
      return `${quote}\n\n\`\`\`${PROOF_FENCE}\n${proofOf(row).trim()}\n\`\`\`\n`
    })
    .join(form === 'markdown' ? '\n---\n\n' : '\n')
}
