// What may be written (rule N3): the content of an entry, a reaction, an edit or a retraction, or the reason why not. Making,
// signing and storing it is the circle's.
import { TwofoldError } from '../../shared/errors'
import type { MemberKey, NodeId } from '../../shared/types'
import { utf8 } from '../protocol/codec'
import { canChange } from '../protocol/folding'
import { REACTION_BYTES_MAX, type Content } from '../protocol/kinds'
import { TEXT_BYTES_MAX } from '../protocol/limits'
import { readEntries, type Entry } from './entries'
import type { StorePort } from './ports'

function checkedText(text: string): string {
  const trimmed = text.replace(/\s+$/, '')
  if (!trimmed.trim()) throw new TwofoldError('TEXT_EMPTY')
  const bytes = utf8(trimmed).length
  if (bytes > TEXT_BYTES_MAX) throw new TwofoldError('TEXT_TOO_LONG', { max: TEXT_BYTES_MAX, bytes })
  return trimmed
}

/** A post or reply that is here and stands. */
function standing(store: StorePort, id: NodeId): Entry {
  const stored = store.byId(id)
  if (!stored) throw new TwofoldError('ENTRY_UNKNOWN')
  const [entry] = readEntries(store, [stored])
  if (!canChange(entry!.content)) throw new TwofoldError('ENTRY_FIXED')
  if (entry!.folded.retracted) throw new TwofoldError('ENTRY_RETRACTED')
  return entry!
}
function ownStanding(store: StorePort, id: NodeId, me: MemberKey): Entry {
  const entry = standing(store, id)
  if (entry.stored.member !== me) throw new TwofoldError('ENTRY_NOT_YOURS')
  return entry
}

/** Throws TEXT_EMPTY, TEXT_TOO_LONG, ENTRY_UNKNOWN. */
export function postOf(store: StorePort, text: string, replyTo?: NodeId): Extract<Content, { kind: 'post' | 'reply' }> {
  const checked = checkedText(text)
  if (replyTo === undefined) return { kind: 'post', text: checked }
  if (!store.byId(replyTo)) throw new TwofoldError('ENTRY_UNKNOWN')
  return { kind: 'reply', target: replyTo, text: checked }
}

/**
 * `text`: an emoji or a short word; '' takes the reaction back. Null: it is so already, and nothing has to be written.
 * Throws REACTION_INVALID, ENTRY_UNKNOWN, ENTRY_FIXED, ENTRY_RETRACTED.
 */
export function reactionOf(store: StorePort, target: NodeId, text: string, me: MemberKey): Content | null {
  const word = text.trim().normalize('NFC')
  if (utf8(word).length > REACTION_BYTES_MAX || /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(word))
    throw new TwofoldError('REACTION_INVALID', { max: REACTION_BYTES_MAX })
  const { folded } = standing(store, target)
  const now = folded.reactions.find(({ members }) => members.includes(me))?.text ?? ''
  return now === word ? null : { kind: 'reaction', target, text: word }
}

/** Null: the text is the same. Throws as `postOf`, and ENTRY_NOT_YOURS, ENTRY_FIXED, ENTRY_RETRACTED. */
export function editOf(store: StorePort, target: NodeId, text: string, me: MemberKey): Content | null {
  const { folded } = ownStanding(store, target, me)
  const checked = checkedText(text)
  return checked === folded.text ? null : { kind: 'edit', target, text: checked }
}

/** Throws ENTRY_UNKNOWN, ENTRY_NOT_YOURS, ENTRY_FIXED, ENTRY_RETRACTED. */
export function retractionOf(store: StorePort, target: NodeId, me: MemberKey): Content {
  ownStanding(store, target, me)
  return { kind: 'retract', target }
}
