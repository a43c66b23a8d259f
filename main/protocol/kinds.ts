// What a node says (rule N3): the body of each kind. Verification does not look in here, so a body that this version
// cannot read never breaks a timeline: it is kept, forwarded, and shown as made by a newer version.
import type { NodeId } from '../../shared/types'
import { Writer, decodeWhole, type Reader } from './codec'
import { NAME_BYTES_MAX, NAME_CHARS_MAX, TEXT_BYTES_MAX } from './limits'

/** Numbers on the wire. Never reuse one. */
/** On the wire. */
export const KIND = { post: 1, reply: 2, reaction: 3, edit: 4, retract: 5, profile: 6 } as const

export type Content =
  | { kind: 'post'; text: string }
  | { kind: 'reply'; target: NodeId; text: string }
  /** `text`: one emoji or short word, at most 32 bytes; empty takes the reaction back. */
  | { kind: 'reaction'; target: NodeId; text: string }
  | { kind: 'edit'; target: NodeId; text: string }
  | { kind: 'retract'; target: NodeId }
  | { kind: 'profile'; name: string }

export const REACTION_BYTES_MAX = 32

export function encodeContent(content: Content): { kind: number; body: Uint8Array } {
  const writer = new Writer()
  if ('target' in content) writer.hex(content.target, 32)
  if ('text' in content) writer.text(content.text)
  if (content.kind === 'profile') writer.text(content.name)
  return { kind: KIND[content.kind], body: writer.finish() }
}

const target = (reader: Reader) => reader.hex(32) as NodeId
const readers: Record<number, (reader: Reader) => Content> = {
  [KIND.post]: (r) => ({ kind: 'post', text: r.text(TEXT_BYTES_MAX) }),
  [KIND.reply]: (r) => ({ kind: 'reply', target: target(r), text: r.text(TEXT_BYTES_MAX) }),
  [KIND.reaction]: (r) => ({ kind: 'reaction', target: target(r), text: r.text(REACTION_BYTES_MAX) }),
  [KIND.edit]: (r) => ({ kind: 'edit', target: target(r), text: r.text(TEXT_BYTES_MAX) }),
  [KIND.retract]: (r) => ({ kind: 'retract', target: target(r) }),
  [KIND.profile]: (r) => ({ kind: 'profile', name: r.text(NAME_BYTES_MAX) }),
}

/** The content of a body, or null: unknown kind, or a body that this version cannot read. */
export function decodeContent(kind: number, body: Uint8Array): Content | null {
  const read = readers[kind]
  return read ? decodeWhole(body, read) : null
}

/** What changes how another node is shown, and is no entry of its own. */
export type Change = Extract<Content, { kind: 'reaction' | 'edit' | 'retract' }>

/** Whether a node is an entry: shown and counted by itself. What this version cannot read is one, so that it is seen. */
export const isEntry = (content: Content | null): boolean =>
  content?.kind !== 'reaction' && content?.kind !== 'edit' && content?.kind !== 'retract'

/** What a store has to know of a body: whether it is an entry, and which node it is about. */
export function standing(kind: number, body: Uint8Array): { entry: boolean; target: NodeId | null } {
  // Most nodes are posts, and entries whether or not their text can be read.
  if (kind === KIND.post) return { entry: true, target: null }
  const content = decodeContent(kind, body)
  return { entry: isEntry(content), target: content && 'target' in content ? content.target : null }
}

/** Whether a kind may change what an entry says: edits and retractions. */
export const rewrites = (kind: number): boolean => kind === KIND.edit || kind === KIND.retract

/** The name as it is kept (trimmed, NFC), or null: empty, too long, with control characters or line breaks. */
export function validName(text: string): string | null {
  const name = text.normalize('NFC').trim()
  // \p{C}: controls, formats (bidi overrides among them), surrogates; \p{Zl}\p{Zp}: line and paragraph separators.
  if (
    !name ||
    [...name].length > NAME_CHARS_MAX ||
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name.replaceAll('\u200d', ''))
  )
    return null
  return name
}
