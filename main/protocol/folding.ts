// What an entry looks like after everything that was written about it (rule N3): the text of its last edit, whether it was
// withdrawn, and the reactions to it. Pure: the same nodes in any order give the same answer on every device.
import type { MemberKey, NodeId } from '../../shared/types'
import type { Change, Content } from './kinds'

/** A reaction, edit or retraction with what decides between two of them. */
export interface About {
  id: NodeId
  member: MemberKey
  /** ms since 1970 UTC, by its author's clock. */
  timestamp: number
  content: Change
}
interface Target {
  id: NodeId
  member: MemberKey
  content: Content | null
}
export interface Reaction {
  text: string
  /** Who reacts so, in the order in which they did. */
  members: MemberKey[]
}
export interface Folded {
  /** The text that holds now; '' when the entry was withdrawn. */
  text: string
  /** The edits that count, oldest first; the last one is shown. */
  edits: About[]
  /** The first retraction by its author; null: it stands. */
  retracted: About | null
  /** By the time at which somebody first reacted so. */
  reactions: Reaction[]
}

/** By time, then by id: the order in which the last one wins, the same for everybody. */
const byTime = (a: About, b: About): number => a.timestamp - b.timestamp || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** Posts and replies can be edited, withdrawn and reacted to; nothing else. */
export const canChange = (content: Content | null): content is Extract<Content, { kind: 'post' | 'reply' }> =>
  content?.kind === 'post' || content?.kind === 'reply'

/**
 * `abouts`: every reaction, edit and retraction that names the target, in any order. Edits and retractions count when they
 * are by a device of the author's member. Of a member's reactions the last holds; an empty one takes it back.
 */
export function fold(target: Target, abouts: readonly About[]): Folded {
  const { content } = target
  if (!canChange(content)) {
    const text = content?.kind === 'profile' ? content.name : ''
    return { text, edits: [], retracted: null, reactions: [] }
  }
  if (!abouts.length) return { text: content.text, edits: [], retracted: null, reactions: [] }
  const edits: About[] = []
  let retracted: About | null = null
  const last = new Map<MemberKey, About>()
  for (const about of abouts.filter((a) => a.content.target === target.id).sort(byTime)) {
    if (about.content.kind === 'reaction') last.set(about.member, about)
    else if (about.member !== target.member) continue
    else if (about.content.kind === 'edit') edits.push(about)
    else retracted ??= about
  }
  const reactions = new Map<string, MemberKey[]>()
  for (const about of [...last.values()].sort(byTime)) {
    if (about.content.kind !== 'reaction' || about.content.text === '') continue
    const members = reactions.get(about.content.text) ?? []
    members.push(about.member)
    reactions.set(about.content.text, members)
  }
  const newest = edits.at(-1)?.content
  const text = retracted ? '' : newest?.kind === 'edit' ? newest.text : content.text
  return { text, edits, retracted, reactions: [...reactions].map(([what, members]) => ({ text: what, members })) }
}
