// Decides how people and tags in a text look, and where pressing them leads.
import { useApp } from '../state'
import { text } from '../text'
import { useShell } from '../ui/shell-context'
import type { MemberKey } from '../../shared/types'

/** The name comes from the member list: a label alone could claim to be anybody. */
export function Mention({ member, label }: { member: MemberKey; label: string }) {
  const app = useApp()
  const shell = useShell()
  const known = app.circle?.members.find((one) => one.key === member)
  if (!known)
    return (
      <span className="mention" data-gone title={text.timeline.mentionGone}>
        @{label}
      </span>
    )
  return (
    <button
      type="button"
      className="mention"
      data-me={known.me || undefined}
      onClick={(event) => {
        event.stopPropagation()
        shell.go({ name: 'timeline', scope: known.me ? { type: 'mine' } : { type: 'member', member } })
      }}
    >
      @{known.name}
    </button>
  )
}

export function Tag({ tag, label }: { tag: string; label: string }) {
  const shell = useShell()
  return (
    <button
      type="button"
      className="tag"
      onClick={(event) => {
        event.stopPropagation()
        shell.go({ name: 'timeline', scope: { type: 'everyone' }, filter: { text: `#${tag} ` } })
      }}
    >
      {label}
    </button>
  )
}
