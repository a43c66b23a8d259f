// Decides how one row looks: an entry with its author, times, body, reactions and proof, or a quiet line for what is not a
// text.
import {
  Bookmark,
  CircleHelp,
  Clock3,
  CornerUpLeft,
  EyeOff,
  MessagesSquare,
  PencilLine,
  ShieldCheck,
  ShieldEllipsis,
  Smile,
  UserPen,
  TriangleAlert,
} from 'lucide-react'
import { memo, useState, type ReactNode } from 'react'
import type { ReactionView, Row } from '../../shared/types'
import { locale, text } from '../text'
import { Avatar } from '../ui/avatar'
import { clockTime, fullTime, momentIn } from '../ui/time'
import type { RowActions } from './row-actions'
import { RowTools } from './row-tools'
import { Tree } from './tree'

interface EntryRowProps {
  row: Row
  position: number
  total: number
  selected: boolean
  picked: boolean
  /** The label of the row's day when it is the first row of it, else null. */
  day: string | null
  /** Renewed each minute: 'today' ends at midnight. */
  now: number
  actions: RowActions
}

/** Skips are safe: actions are stable, and everything else is compared. */
export const EntryRow = memo(function EntryRow({
  row,
  position,
  total,
  selected,
  picked,
  day,
  now,
  actions,
}: EntryRowProps) {
  // The tools are only made where somebody can press them: they cost more than the rest of the row.
  const [near, setNear] = useState(false)
  return (
    <div className="row-slot" data-position={position} data-id={row.id}>
      {day !== null && (
        <div className="day" role="presentation">
          <span>{day}</span>
        </div>
      )}
      {/* Its keys are the list's: see useKeys in the shell. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- see above */}
      <article
        className="row"
        data-testid="entry"
        data-kind={row.kind}
        data-proof={row.proof}
        data-mine={row.mine || undefined}
        data-unread={row.unread || undefined}
        data-picked={picked || undefined}
        aria-posinset={position + 1}
        aria-setsize={total}
        aria-label={`${row.memberName}, ${momentIn(row.timestamp, now, locale)}`}
        aria-current={selected || undefined}
        tabIndex={selected ? 0 : -1}
        onPointerEnter={() => setNear(true)}
        onPointerLeave={() => setNear(false)}
        onFocus={() => setNear(true)}
        onBlur={(event) =>
          !event.currentTarget.contains(event.relatedTarget) && !event.currentTarget.matches(':hover') && setNear(false)
        }
        onClick={(event) =>
          actions.select(row, event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'add' : undefined)
        }
        onDoubleClick={() => actions.inspect(row)}
      >
        {row.kind === 'post' || row.kind === 'reply' ? (
          <Entry row={row} now={now} actions={actions} />
        ) : (
          <Quiet row={row} now={now} actions={actions} />
        )}
        {(near || selected) && <RowTools row={row} actions={actions} />}
      </article>
    </div>
  )
})

function Entry({ row, now, actions }: { row: Row; now: number; actions: RowActions }) {
  return (
    <>
      <Avatar memberKey={row.member} name={row.memberName} />
      <div className="row-main">
        <header className="row-head">
          <span className="row-name">{row.memberName}</span>
          {row.mine && <span className="row-you">{text.timeline.you}</span>}
          <Times row={row} now={now} />
          {row.edited && (
            <button
              type="button"
              className="row-edited"
              aria-label={text.timeline.editedLabel(row.edited.times)}
              title={fullTime(row.edited.at, locale)}
              onClick={(event) => {
                event.stopPropagation()
                actions.history(row)
              }}
            >
              {text.timeline.edited}
            </button>
          )}
          {row.bookmarked && (
            <span
              className="row-bookmark"
              role="img"
              aria-label={text.timeline.bookmarked}
              title={text.timeline.bookmarked}
            >
              <Bookmark size={13} aria-hidden />
            </span>
          )}
          {row.unread && <span className="row-new">{text.timeline.isNew}</span>}
        </header>
        {row.kind === 'reply' && <Target row={row} actions={actions} />}
        {row.retracted ? (
          <p className="row-withdrawn">
            <EyeOff size={14} aria-hidden />
            {text.timeline.withdrawn(row.memberName, momentIn(row.retracted.at, now, locale))}
          </p>
        ) : (
          <Tree blocks={row.tree.blocks} />
        )}
        {(row.reactions.length > 0 || row.replies > 0) && <Below row={row} actions={actions} />}
      </div>
    </>
  )
}

/** Reactions, and the way into the thread. */
function Below({ row, actions }: { row: Row; actions: RowActions }) {
  const { react } = actions
  return (
    <div className="row-below">
      {row.reactions.map((reaction) => (
        <button
          key={reaction.text}
          type="button"
          className="reaction"
          data-mine={reaction.mine || undefined}
          aria-pressed={reaction.mine}
          aria-label={text.timeline.reactionLabel(
            `${reaction.text} ${reaction.count}`,
            whoReacted(reaction),
            reaction.mine,
          )}
          title={whoReacted(reaction)}
          disabled={!react || row.retracted !== undefined}
          onClick={(event) => {
            event.stopPropagation()
            react?.(row, reaction.mine ? '' : reaction.text)
          }}
        >
          <bdi className="ellipsis">{reaction.text}</bdi>
          <span>{reaction.count}</span>
        </button>
      ))}
      {row.replies > 0 && (
        <button
          type="button"
          className="row-replies"
          onClick={(event) => {
            event.stopPropagation()
            actions.thread(row)
          }}
        >
          <MessagesSquare size={13} aria-hidden />
          {text.timeline.replies(row.replies)}
        </button>
      )}
    </div>
  )
}
const whoReacted = ({ names, count }: ReactionView): string =>
  count > names.length ? text.timeline.others(names.join(', '), count - names.length) : names.join(', ')

function Times({ row, now }: { row: Row; now: number }) {
  return (
    <span className="row-times">
      <time dateTime={new Date(row.timestamp).toISOString()} title={fullTime(row.timestamp, locale)}>
        {clockTime(row.timestamp, locale)}
      </time>
      <Proof row={row} />
      {row.forkedAt !== undefined && (
        <span className="row-forked" title={text.timeline.forkedHint(row.forkedAt)}>
          <TriangleAlert size={13} aria-hidden />
          {text.timeline.forked(row.forkedAt)}
        </span>
      )}
      {row.late && (
        <span className="row-late">
          {text.timeline.late(momentIn(row.timestamp, now, locale), momentIn(row.receivedAt, now, locale))}
        </span>
      )}
    </span>
  )
}

function Proof({ row }: { row: Row }) {
  const sign = row.waiting
    ? {
        label: text.timeline.waiting,
        hint: text.timeline.waitingHint,
        icon: <Clock3 size={14} aria-hidden />,
        state: 'waiting',
      }
    : row.proof === 'linked'
      ? {
          label: text.timeline.verified,
          hint: text.timeline.verifiedHint,
          icon: <ShieldCheck size={14} aria-hidden />,
          state: 'linked',
        }
      : {
          label: text.timeline.floating,
          hint: text.timeline.floatingHint,
          icon: <ShieldEllipsis size={14} aria-hidden />,
          state: 'floating',
        }
  return (
    // The system's own tooltip: rows come and go at the pace of a fling, and a hint costs nothing this way.
    <span
      className="row-proof"
      data-state={sign.state}
      role="img"
      aria-label={sign.label}
      title={`${sign.label}. ${sign.hint}`}
    >
      {sign.icon}
      {row.waiting && <span aria-hidden>{sign.label}</span>}
    </span>
  )
}

function Target({ row, actions }: { row: Row; actions: RowActions }) {
  const target = row.target
  if (!target) return <p className="row-target row-target-gone">{text.timeline.replyGone}</p>
  return (
    <button
      type="button"
      className="row-target"
      title={text.timeline.showTarget(target.memberName)}
      onClick={(event) => {
        event.stopPropagation()
        actions.showTarget(target.id)
      }}
    >
      <CornerUpLeft size={13} aria-hidden />
      <strong>{target.memberName}</strong>
      <span className="ellipsis">{target.excerpt}</span>
    </button>
  )
}

const quietIcons = {
  reaction: Smile,
  edit: PencilLine,
  retract: EyeOff,
  profile: UserPen,
  unknown: CircleHelp,
} as const

function Quiet({ row, now, actions }: { row: Row; now: number; actions: RowActions }) {
  const kind = row.kind === 'post' || row.kind === 'reply' ? 'unknown' : row.kind
  const Icon = quietIcons[kind]
  const words: Record<typeof kind, ReactNode> = {
    reaction: text.timeline.reacted(row.memberName, row.text ?? ''),
    edit: text.timeline.changed(row.memberName),
    retract: text.timeline.withdrew(row.memberName),
    profile: text.timeline.profile(row.memberName),
    unknown: text.timeline.unknown(row.memberName),
  }
  return (
    <>
      <span className="quiet-icon">
        <Icon size={15} aria-hidden />
      </span>
      <div className="row-main">
        <div className="quiet-line">
          <span>{words[kind]}</span>
          <Times row={row} now={now} />
        </div>
        {kind === 'unknown' && <p className="quiet-hint">{text.timeline.unknownHint}</p>}
        {row.target && <Target row={row} actions={actions} />}
        {(kind === 'edit' || kind === 'profile') && row.tree.blocks.length > 0 && <Tree blocks={row.tree.blocks} />}
      </div>
    </>
  )
}

/** A row that is known to exist and is not here yet. */
export function RowPlaceholder({ position, heightPx }: { position: number; heightPx: number }) {
  return (
    <div className="row-slot row-placeholder" data-position={position} style={{ height: heightPx }} aria-hidden>
      <span className="bone bone-face" />
      <div>
        <span className="bone" style={{ width: 120 }} />
        <span className="bone" style={{ width: `${60 + ((position * 37) % 35)}%` }} />
      </div>
    </div>
  )
}
