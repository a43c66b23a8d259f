// Decides how a member and a presence look in small: coloured letters, a dot, and the words for both.
import type { Presence } from '../../shared/types'
import { locale, text } from '../text'
import { hueOf, initialsOf } from './identity-look'
import { relativeTime } from './time'

interface AvatarProps {
  memberKey: string
  name: string
  sizePx?: number
  presence?: Presence
}

/** Two letters cannot be read in less. */
const TWO_LETTERS_FROM_PX = 28

/** Decoration only: the name always stands beside it. */
export function Avatar({ memberKey, name, sizePx = 36, presence }: AvatarProps) {
  const hue = hueOf(memberKey)
  const style = {
    width: sizePx,
    height: sizePx,
    fontSize: Math.round(sizePx * 0.38),
    background: `oklch(0.56 0.11 ${hue})`,
  }
  return (
    // Painted by the style sheet: as text, the letters would be part of what a button around them is called.
    <span
      className="avatar"
      style={style}
      data-letters={sizePx < TWO_LETTERS_FROM_PX ? [...initialsOf(name)].slice(0, 1).join('') : initialsOf(name)}
      aria-hidden
    >
      {presence && <span className="presence" data-state={presence.state} />}
    </span>
  )
}

export function presenceWords(presence: Presence, now: number): string {
  if (presence.state === 'self') return text.presence.self
  if (presence.state === 'online') return text.presence[presence.path]
  if (presence.state === 'seen') return text.presence.seen(relativeTime(now - presence.agoMs, now, locale))
  return presence.lastSeenAt === null
    ? text.presence.never
    : text.presence.lastSeen(relativeTime(presence.lastSeenAt, now, locale))
}

/** The first eight digits of a key: enough to tell devices of one circle apart on sight. */
export const shortKey = (key: string) => key.slice(0, 8)
