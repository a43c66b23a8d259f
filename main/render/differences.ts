// What an edit changed, word by word, for the history of an entry.
import { diffWordsWithSpace } from 'diff'
import type { Difference } from '../../shared/types'

/** Beyond so many changed words two texts are simply different; finding out how would cost more than it tells. */
const CHANGES_MAX = 2000

/** Parts that together hold both texts, in order. */
export function differences(before: string, after: string): Difference[] {
  const parts = diffWordsWithSpace(before, after, { maxEditLength: CHANGES_MAX })
  if (!parts)
    return [
      { change: 'removed', text: before },
      { change: 'added', text: after },
    ]
  return parts.map(({ added, removed, value }) => ({
    change: added ? 'added' : removed ? 'removed' : 'same',
    text: value,
  }))
}
