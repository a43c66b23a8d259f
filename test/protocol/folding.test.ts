// Rule N3: what reactions, edits and retractions make of an entry, whatever order they come in.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold, type About } from '../../main/protocol/folding'
import type { Change, Content } from '../../main/protocol/kinds'
import type { MemberKey, NodeId } from '../../shared/types'

const id = (n: number) => n.toString(16).padStart(64, '0') as NodeId
const [ann, ben, cem] = ['a', 'b', 'c'].map((digit) => digit.repeat(64) as MemberKey) as [
  MemberKey,
  MemberKey,
  MemberKey,
]
const post: Content = { kind: 'post', text: 'first' }
const target = { id: id(0), member: ann, content: post }
let next = 1
const about = (
  member: MemberKey,
  timestamp: number,
  content: DistributiveOmit<Change, 'target'>,
  of = id(0),
): About => ({
  id: id(next++),
  member,
  timestamp,
  content: { ...content, target: of } as Change,
})
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

test('[N3] nothing was written about it: it says what it says', () => {
  expect(fold(target, [])).toEqual({ text: 'first', edits: [], retracted: null, reactions: [] })
})

test('[N3] the last edit by the author’s member holds; somebody else’s does not count', () => {
  const mine = [about(ann, 10, { kind: 'edit', text: 'second' }), about(ann, 30, { kind: 'edit', text: 'fourth' })]
  const folded = fold(target, [mine[1]!, about(ben, 40, { kind: 'edit', text: 'mischief' }), mine[0]!])
  expect(folded.text).toBe('fourth')
  expect(folded.edits).toEqual(mine)
})

test('[N3] of two edits of one millisecond the greater id holds, for everybody', () => {
  const [a, b] = [about(ann, 10, { kind: 'edit', text: 'a' }), about(ann, 10, { kind: 'edit', text: 'b' })]
  expect(fold(target, [a, b]).text).toBe('b')
  expect(fold(target, [b, a]).text).toBe('b')
})

test('[N3] withdrawn by its author: the text is gone, also after a later edit; by somebody else: it stands', () => {
  const retraction = about(ann, 10, { kind: 'retract' })
  expect(fold(target, [about(ann, 20, { kind: 'edit', text: 'again' }), retraction])).toMatchObject({
    text: '',
    retracted: retraction,
  })
  expect(fold(target, [about(ben, 10, { kind: 'retract' })])).toMatchObject({ text: 'first', retracted: null })
})

test('[N3] one reaction a member: the last; an empty one takes it back', () => {
  const folded = fold(target, [
    about(ben, 10, { kind: 'reaction', text: '👍' }),
    about(cem, 20, { kind: 'reaction', text: '🎉' }),
    about(ben, 30, { kind: 'reaction', text: '🎉' }),
    about(ann, 40, { kind: 'reaction', text: '👍' }),
    about(ann, 50, { kind: 'reaction', text: '' }),
  ])
  expect(folded.reactions).toEqual([{ text: '🎉', members: [cem, ben] }])
})

test('[N3] what names another entry does not count, and what is no post or reply cannot be changed', () => {
  expect(fold(target, [about(ann, 10, { kind: 'edit', text: 'else' }, id(99))]).text).toBe('first')
  const edit = { ...target, content: { kind: 'edit', target: id(5), text: 'x' } as Content }
  expect(fold(edit, [about(ann, 10, { kind: 'edit', text: 'of an edit' })])).toMatchObject({ text: '', edits: [] })
  const profile = { ...target, content: { kind: 'profile', name: 'Ann' } as Content }
  expect(fold(profile, [about(ann, 10, { kind: 'retract' })])).toMatchObject({ text: 'Ann', retracted: null })
  expect(fold({ ...target, content: null }, [about(ann, 10, { kind: 'retract' })]).retracted).toBeNull()
})

test('[N3] the order of arrival changes nothing', () => {
  const change = fc.record({
    member: fc.constantFrom(ann, ben, cem),
    timestamp: fc.integer({ min: 1, max: 5 }),
    content: fc.oneof(
      fc.record({ kind: fc.constant('reaction' as const), text: fc.constantFrom('', '👍', 'ok') }),
      fc.record({ kind: fc.constant('edit' as const), text: fc.string({ maxLength: 3 }) }),
      fc.record({ kind: fc.constant('retract' as const) }),
    ),
  })
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 12 }),
      fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
      (all, keys) => {
        const abouts = all.map((one) => about(one.member, one.timestamp, one.content))
        const shuffled = abouts
          .map((one, i) => [keys[i]!, one] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, one]) => one)
        expect(fold(target, shuffled)).toEqual(fold(target, abouts))
      },
    ),
  )
})
