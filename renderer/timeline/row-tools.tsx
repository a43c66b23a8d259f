// Decides what can be done with one entry where the pointer is: react, answer, bookmark, and a menu with the rest.
import { Menu } from '@base-ui/react/menu'
import {
  Bookmark,
  BookmarkCheck,
  Copy,
  Ellipsis,
  FileCheck2,
  FileText,
  History,
  Info,
  ListChecks,
  LocateFixed,
  MessagesSquare,
  PencilLine,
  Reply,
  SmilePlus,
  Undo2,
} from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { Row } from '../../shared/types'
import { text } from '../text'
import { IconButton } from '../ui/button'
import type { RowActions } from './row-actions'

const REACTIONS = ['👍', '❤️', '😂', '🎉', '👀', '🙏'] as const
/** UTF-16 units; the backend bounds the bytes. */
const REACTION_CHARS_MAX = 16

export const isText = (row: Row): boolean => row.kind === 'post' || row.kind === 'reply'

export function RowTools({ row, actions }: { row: Row; actions: RowActions }) {
  const { reply, react } = actions
  const standing = isText(row) && !row.retracted
  return (
    // Presses on the tools are not presses on the row.
    <div
      className="row-tools"
      role="presentation"
      onClick={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      {react && standing && <ReactMenu react={(what) => react(row, what)} />}
      {reply && standing && (
        <IconButton label={text.timeline.reply} onClick={() => reply(row)}>
          <Reply size={16} aria-hidden />
        </IconButton>
      )}
      {isText(row) && (
        <IconButton
          label={row.bookmarked ? text.timeline.unbookmark : text.timeline.bookmark}
          onClick={() => actions.bookmark(row)}
        >
          {row.bookmarked ? <BookmarkCheck size={16} aria-hidden /> : <Bookmark size={16} aria-hidden />}
        </IconButton>
      )}
      <IconButton label={text.timeline.inspect} onClick={() => actions.inspect(row)}>
        <Info size={16} aria-hidden />
      </IconButton>
      {isText(row) && <MoreMenu row={row} actions={actions} />}
    </div>
  )
}

function ReactMenu({ react }: { react: (what: string) => void }) {
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState('')
  return (
    <Menu.Root open={open} onOpenChange={setOpen}>
      <Menu.Trigger className="icon-button" aria-label={text.timeline.react} title={text.timeline.react}>
        <SmilePlus size={16} aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="popup-place" sideOffset={4} align="end" positionMethod="fixed">
          <Menu.Popup className="menu react-menu">
            <div className="react-row">
              {REACTIONS.map((what) => (
                <Menu.Item
                  key={what}
                  className="react-item"
                  aria-label={text.timeline.reactWith(what)}
                  onClick={() => react(what)}
                >
                  {what}
                </Menu.Item>
              ))}
            </div>
            <form
              onSubmit={(event) => {
                event.preventDefault()
                if (typed.trim() === '') return
                setOpen(false)
                setTyped('')
                react(typed.trim())
              }}
            >
              <input
                className="input"
                aria-label={text.timeline.reactOther}
                placeholder={text.timeline.reactOther}
                maxLength={REACTION_CHARS_MAX}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
                // The menu would read letters as a search among its items.
                onKeyDown={(event) => event.key !== 'Escape' && event.stopPropagation()}
              />
            </form>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

function MoreMenu({ row, actions }: { row: Row; actions: RowActions }) {
  const item = (label: string, icon: ReactNode, run: () => void) => (
    <Menu.Item className="menu-item" onClick={run}>
      {icon}
      {label}
    </Menu.Item>
  )
  const size = { size: 15, 'aria-hidden': true } as const
  const { edit, retract, showInTimeline } = actions
  return (
    <Menu.Root>
      <Menu.Trigger className="icon-button" aria-label={text.timeline.more(row.memberName)}>
        <Ellipsis size={16} aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="popup-place" sideOffset={4} align="end" positionMethod="fixed">
          <Menu.Popup className="menu">
            {(row.replies > 0 || row.kind === 'reply') &&
              item(text.timeline.showThread, <MessagesSquare {...size} />, () => actions.thread(row))}
            {showInTimeline && item(text.timeline.showInTimeline, <LocateFixed {...size} />, () => showInTimeline(row))}
            {!row.retracted && (
              <>
                {item(text.timeline.copyText, <Copy {...size} />, () => actions.copyText(row))}
                {item(text.timeline.copyMarkdown, <FileText {...size} />, () => actions.copy([row], 'markdown'))}
                {item(text.timeline.copyQuote, <FileCheck2 {...size} />, () => actions.copy([row], 'quote'))}
              </>
            )}
            {item(text.timeline.pick, <ListChecks {...size} />, () => actions.pick(row))}
            {row.edited && item(text.timeline.historyTitle, <History {...size} />, () => actions.history(row))}
            {row.own && edit && item(text.timeline.edit, <PencilLine {...size} />, () => edit(row))}
            {row.own && retract && item(text.timeline.retract, <Undo2 {...size} />, () => retract(row))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
