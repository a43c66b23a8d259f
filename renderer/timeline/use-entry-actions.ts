// Decides what the actions on entries do: what goes to the backend at once, what is asked first, and which are selected.
import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from 'react'
import type { NodeId, Row } from '../../shared/types'
import { call } from '../backend'
import { text } from '../text'
import { useShell } from '../ui/shell-context'
import { tell, tellError } from '../ui/toast'
import type { ListHandle } from './list'
import type { RowActions } from './row-actions'
import { isText } from './row-tools'

/** As many as the backend copies at once. */
const PICKED_MAX = 200
const QUICK_REACTION = '👍'

/** What keys do with the entry that has the focus. */
export interface EntryKeys {
  react: (row: Row) => void
  bookmark: (row: Row) => void
  edit: (row: Row) => void
  thread: (row: Row) => void
  pick: (row: Row) => void
  /** False: nothing was selected. */
  unpick: () => boolean
}

interface Given {
  /** Changes when another view is open: the selection belongs to one view. */
  viewKey: string
  writable: boolean
  /** The view is not the whole timeline, so an entry can be shown there. */
  narrowed: boolean
  selected: NodeId | null
  list: RefObject<ListHandle | null>
  onSelect: (row: Row) => void
}

export function useEntryActions({ viewKey, writable, narrowed, selected, list, onSelect }: Given) {
  const shell = useShell()
  const [picked, setPicked] = useState<ReadonlyMap<NodeId, Row>>(new Map())
  const [history, setHistory] = useState<Row | null>(null)
  const [retracting, setRetracting] = useState<Row | null>(null)
  useEffect(() => setPicked(new Map()), [viewKey])
  const latest = useRef({ shell, selected, onSelect, picked })
  latest.current = { shell, selected, onSelect, picked }

  const pick = useCallback((rows: readonly Row[], toggle: boolean) => {
    setPicked((before) => {
      const after = new Map(before)
      for (const row of rows.filter(isText)) {
        if (toggle && after.has(row.id)) after.delete(row.id)
        else if (after.size < PICKED_MAX) after.set(row.id, row)
      }
      return after
    })
  }, [])
  const copy = useCallback((rows: readonly Row[], form: 'markdown' | 'quote') => {
    call('entry.copy', { ids: rows.map((row) => row.id), form })
      .then(async (answer) => {
        await navigator.clipboard.writeText(answer.text)
        tell(text.timeline.copied(rows.length))
      })
      .catch(tellError)
  }, [])
  const actions = useMemo<RowActions>(() => {
    const write = (work: Promise<unknown>) => void work.catch(tellError)
    return {
      select: (row, how) => {
        const before = latest.current.selected
        if (how === 'range' && before !== null) pick(list.current?.between(before, row.id) ?? [row], false)
        else if (how === 'add') pick([row], true)
        latest.current.onSelect(row)
      },
      inspect: (row) => latest.current.shell.inspect(row),
      reply: writable ? (row) => latest.current.shell.compose(row) : null,
      react: writable ? (row, what) => write(call('entry.react', { id: row.id, text: what })) : null,
      edit: writable ? (row) => latest.current.shell.edit(row) : null,
      retract: writable ? setRetracting : null,
      bookmark: (row) => write(call('entry.bookmark', { id: row.id, on: !row.bookmarked })),
      thread: (row) => latest.current.shell.go({ name: 'timeline', scope: { type: 'thread', entry: row.id } }),
      history: setHistory,
      pick: (row) => pick([row], true),
      copyText: (row) =>
        write(
          call('entry.text', { id: row.id }).then(async (answer) => {
            await navigator.clipboard.writeText(answer.text)
            tell(text.timeline.copied(1))
          }),
        ),
      copy,
      showTarget: (id) => latest.current.shell.showEntry(id),
      showInTimeline: narrowed ? (row) => latest.current.shell.showInTimeline(row.id) : null,
    }
  }, [writable, narrowed, list, pick, copy])
  const keys: EntryKeys = {
    react: (row) => {
      const mine = row.reactions.find((reaction) => reaction.mine && reaction.text === QUICK_REACTION)
      if (isText(row) && !row.retracted) actions.react?.(row, mine ? '' : QUICK_REACTION)
    },
    bookmark: (row) => isText(row) && actions.bookmark(row),
    edit: (row) => row.own && actions.edit?.(row),
    thread: (row) => isText(row) && actions.thread(row),
    pick: actions.pick,
    unpick: () => {
      if (!latest.current.picked.size) return false
      setPicked(new Map())
      return true
    },
  }
  return {
    actions,
    keys,
    picked,
    unpick: () => setPicked(new Map()),
    history,
    closeHistory: () => setHistory(null),
    retracting,
    closeRetract: () => setRetracting(null),
  }
}
