// Decides how an entry is written: a field that grows, a draft that survives, a refusal that never costs the text.
import { Copy, CornerUpLeft, Hourglass, LogOut, PencilLine, SendHorizontal, X } from 'lucide-react'
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
} from 'react'
import type { NodeId, RenderTree, Row } from '../../shared/types'
import { call, codeOf } from '../backend'
import { useApp } from '../state'
import { commandKey, text } from '../text'
import { beforeRest, useKeepPage } from '../resting'
import { useAction } from '../ui/action'
import { Avatar } from '../ui/avatar'
import { Button, IconButton } from '../ui/button'
import { Problem } from '../ui/field'
import { Tree } from '../timeline/tree'
import { useSuggestions } from './suggestions'
import './composer.css'

/** Bytes of text in an entry: 64 KiB less a node's frame, as main/protocol/limits has it; the backend decides. */
const TEXT_BYTES_MAX = 65_276
/** From here on the writer sees how much is left. */
const TEXT_BYTES_NEAR = 58_000
const DRAFT_DELAY_MS = 400

const utf8 = new TextEncoder()
const bytesOf = (written: string) => utf8.encode(written).length

export interface ComposerHandle {
  focus: () => void
}

interface ComposerProps {
  ref: Ref<ComposerHandle>
  replyTo: Row | null
  /** What is answered where nothing else is chosen: the thread that the composer stands below. */
  thread?: Row
  onReplyDone: () => void
  /** An own entry that is being changed. */
  editing: Row | null
  onEditDone: () => void
  onPosted: () => void
}

export function Composer(props: ComposerProps) {
  const app = useApp()
  const restoring = app.alerts.find((alert) => alert.code === 'RESTORING')
  if (app.phase.phase === 'removed') {
    return (
      <Closed icon={<LogOut size={18} aria-hidden />} title={text.compose.removed} hint={text.compose.removedHint} />
    )
  }
  if (app.circle?.copied)
    return <Closed icon={<Copy size={18} aria-hidden />} title={text.compose.copied} hint={text.compose.copiedHint} />
  if (restoring)
    return (
      <Closed
        icon={<Hourglass size={18} aria-hidden />}
        title={text.compose.restoring}
        hint={text.compose.restoringHint}
      />
    )
  // Each answer and each edit has a text of its own, which waits while another is written.
  return <Writer key={props.editing?.id ?? props.replyTo?.id ?? props.thread?.id ?? 'new'} {...props} />
}

function Closed({ icon, title, hint }: { icon: ReactNode; title: string; hint: string }) {
  return (
    <div className="composer-closed" role="note">
      {icon}
      <div>
        <strong>{title}</strong>
        <p>{hint}</p>
      </div>
    </div>
  )
}

function Writer({ ref, replyTo, thread, onReplyDone, editing, onEditDone, onPosted }: ComposerProps) {
  const app = useApp()
  const field = useRef<HTMLTextAreaElement>(null)
  const about = editing?.id ?? replyTo?.id
  const answered = replyTo ?? thread ?? null
  const [written, edit] = useDraft(editing ? null : (answered?.id ?? 'new'), editing?.id)
  const { busy, problem, clear, run } = useAction()
  const [preview, setPreview] = useState<RenderTree | null>(null)
  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus() }))
  // Of an edit no draft is kept.
  useKeepPage(editing !== null)
  useEffect(() => {
    if (about !== undefined) field.current?.focus()
  }, [about])
  const suggestions = useSuggestions(field, written, edit)

  // Open while it is used. A press elsewhere takes the focus away before it is released: the composer must not shrink, and
  // move what is being pressed, in between.
  const [open, setOpen] = useState(false)
  const leave = (form: HTMLFormElement) => {
    const close = () => setOpen(form.contains(document.activeElement))
    if (document.documentElement.matches(':active')) {
      globalThis.addEventListener('pointerup', () => setTimeout(close), { once: true })
    } else setTimeout(close)
  }

  const size = written.length > TEXT_BYTES_NEAR / 4 ? bytesOf(written) : 0
  const left = TEXT_BYTES_MAX - size
  const empty = written.trim() === ''
  const post = async () => {
    if (busy || empty || left < 0) return
    const done = await run(async () => {
      try {
        if (editing) await call('entry.edit', { id: editing.id, text: written })
        else await call('entry.post', answered ? { text: written, replyTo: answered.id } : { text: written })
      } catch (error) {
        // The entry answered to may have gone with a restored folder; the text stays for a new entry.
        if (codeOf(error) === 'ENTRY_UNKNOWN') onReplyDone()
        throw error
      }
    })
    if (!done) return
    edit('')
    setPreview(null)
    onReplyDone()
    if (editing) onEditDone()
    else onPosted()
    field.current?.focus()
  }
  const leaveSpecial = () => {
    if (editing) {
      // An edit that was given up leaves no draft behind.
      edit('')
      onEditDone()
    } else onReplyDone()
  }
  const showPreview = async () => {
    if (preview) {
      setPreview(null)
      setTimeout(() => field.current?.focus())
    } else await run(async () => setPreview(await call('entry.preview', { text: written })))
  }
  const press = (event: KeyboardEvent) => {
    if (suggestions.press(event)) return
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      void post()
    } else if (event.key === 'Escape') {
      event.stopPropagation()
      if (replyTo || editing) leaveSpecial()
      else field.current?.blur()
    }
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- hears where the focus is, nothing is pressed
    <form
      className="composer"
      data-open={open || !empty || about !== undefined || undefined}
      onFocus={() => setOpen(true)}
      onBlur={(event) => leave(event.currentTarget)}
      onSubmit={(event) => {
        event.preventDefault()
        void post()
      }}
    >
      {app.me && <Avatar memberKey={app.me.member} name={app.me.name} />}
      <div className="composer-card">
        {editing && (
          <div className="composer-reply">
            <PencilLine size={14} aria-hidden />
            <strong>{text.compose.editing}</strong>
            <span className="ellipsis" />
            <IconButton label={text.compose.cancelEdit} onClick={leaveSpecial}>
              <X size={14} aria-hidden />
            </IconButton>
          </div>
        )}
        {replyTo && !editing && (
          <div className="composer-reply">
            <CornerUpLeft size={14} aria-hidden />
            <strong>{replyTo.memberName}</strong>
            <Words className="ellipsis" of={replyTo} />
            <IconButton label={text.compose.cancelReply} onClick={onReplyDone}>
              <X size={14} aria-hidden />
            </IconButton>
          </div>
        )}
        {preview && (
          <div className="composer-preview scrolls" tabIndex={0} role="region" aria-label={text.compose.preview}>
            {preview.blocks.length ? <Tree blocks={preview.blocks} /> : <p>{text.compose.previewEmpty}</p>}
          </div>
        )}
        <textarea
          ref={field}
          hidden={preview !== null}
          {...suggestions.field}
          className="composer-field scrolls"
          rows={1}
          aria-label={
            editing
              ? text.compose.editing
              : answered
                ? text.compose.replyLabel(answered.memberName)
                : text.compose.label
          }
          aria-keyshortcuts="n"
          aria-invalid={problem !== null || left < 0 || undefined}
          placeholder={answered ? text.compose.replyPlaceholder(answered.memberName) : text.compose.placeholder}
          value={written}
          readOnly={busy}
          spellCheck
          onChange={(event) => {
            edit(event.target.value)
            clear()
            suggestions.look()
          }}
          onSelect={suggestions.look}
          onKeyDown={press}
        />
        {suggestions.list}
        {problem && <Problem>{problem}</Problem>}
        <div className="composer-foot">
          <span className="composer-hint">{text.compose.hint}</span>
          {size > TEXT_BYTES_NEAR && (
            <span className="composer-size" data-over={left < 0 || undefined} role="status">
              {left < 0 ? text.compose.over(-left) : text.compose.left(left)}
            </span>
          )}
          {(!empty || preview) && (
            <Button size="small" look="quiet" aria-pressed={preview !== null} onClick={() => void showPreview()}>
              {preview ? text.compose.write : text.compose.preview}
            </Button>
          )}
          <span className="composer-keys" aria-hidden>
            <kbd className="kbd">{commandKey}</kbd>
            <kbd className="kbd">Enter</kbd>
          </span>
          <Button type="submit" look="primary" size="small" disabled={busy || empty || left < 0}>
            <SendHorizontal size={14} aria-hidden />
            {editing
              ? busy
                ? text.compose.saving
                : text.compose.save
              : busy
                ? text.compose.posting
                : text.compose.post}
          </Button>
        </div>
      </div>
    </form>
  )
}

/** What an entry says, as it was written. */
function Words({ of, className }: { of: Row; className: string }) {
  const [words, setWords] = useState(of.text ?? '')
  useEffect(() => {
    call('entry.text', { id: of.id }).then(
      (answer) => setWords(answer.text),
      () => undefined,
    )
  }, [of.id])
  return <span className={className}>{words}</span>
}

/**
 * `of`: whose draft; null: none is kept, an edit begins with what the entry `from` says.
 * The unsent text: read once, kept in the backend while it is typed, and at once when the field goes away.
 */
function useDraft(of: NodeId | 'new' | null, from: NodeId | undefined): [string, (next: string) => void] {
  const [written, setWritten] = useState('')
  const pending = useRef<{ text: string; timer: ReturnType<typeof setTimeout> } | null>(null)
  const touched = useRef(false)
  const save = useCallback(async () => {
    const due = pending.current
    if (!due) return
    clearTimeout(due.timer)
    pending.current = null
    if (of !== null) await call('draft.set', { text: due.text, ...(of !== 'new' && { about: of }) })
  }, [of])
  // A draft that cannot be kept must not get in the way of writing; posting reports what is wrong with the disk.
  const flush = useCallback(() => void save().catch(() => undefined), [save])
  useEffect(() => beforeRest(save), [save])
  useEffect(() => {
    const kept =
      of !== null
        ? call('draft.get', of === 'new' ? {} : { about: of })
        : from === undefined
          ? null
          : call('entry.text', { id: from })
    kept?.then(
      (draft) => {
        if (!touched.current && draft.text !== '') setWritten(draft.text)
      },
      () => undefined,
    )
    globalThis.addEventListener('pagehide', flush)
    globalThis.addEventListener('blur', flush)
    return () => {
      globalThis.removeEventListener('pagehide', flush)
      globalThis.removeEventListener('blur', flush)
      flush()
    }
  }, [flush, of, from])
  const edit = useCallback(
    (next: string) => {
      touched.current = true
      setWritten(next)
      if (pending.current) clearTimeout(pending.current.timer)
      pending.current = { text: next, timer: setTimeout(flush, DRAFT_DELAY_MS) }
    },
    [flush],
  )
  return [written, edit]
}
