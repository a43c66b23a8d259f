// Decides what is offered while somebody types '@' or '#': members by name, tags in use; chosen by keys or by a press.
import { useEffect, useId, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react'
import { call } from '../backend'
import { useApp } from '../state'
import { text } from '../text'
import { Avatar } from '../ui/avatar'

const SHOWN_MAX = 6
/** What stands before the cursor: the sign at the beginning of a word, and what was typed behind it. */
const TYPED = /(?:^|[\s([{"'])([@#])([\p{L}\p{M}\p{N}_-]{0,40})$/u

interface Suggestion {
  key: string
  label: string
  icon: ReactNode
  /** What takes the place of the typed word. */
  insert: string
}

export interface Suggestions {
  /** True: the key was for the suggestions. */
  press: (event: KeyboardEvent) => boolean
  /** The text or the cursor changed. */
  look: () => void
  field: Record<string, string | boolean | undefined>
  list: ReactNode
}

export function useSuggestions(
  field: RefObject<HTMLTextAreaElement | null>,
  written: string,
  edit: (next: string) => void,
): Suggestions {
  const app = useApp()
  const id = useId()
  const [typed, setTyped] = useState<{ sign: string; word: string; end: number } | null>(null)
  const [tags, setTags] = useState<readonly string[]>([])
  const [at, setAt] = useState(0)
  const look = () => {
    const box = field.current
    if (!box || box.selectionStart !== box.selectionEnd) {
      setTyped(null)
      return
    }
    const found = TYPED.exec(box.value.slice(Math.max(0, box.selectionStart - 60), box.selectionStart))
    setTyped(found ? { sign: found[1]!, word: found[2]!, end: box.selectionStart } : null)
    setAt(0)
  }
  const tagWord = typed?.sign === '#' && typed.word !== '' ? typed.word : null
  useEffect(() => {
    setTags([])
    if (tagWord === null) return
    let wanted = true
    call('tags.suggest', { prefix: tagWord }).then(
      (answer) => wanted && setTags(answer),
      () => undefined,
    )
    return () => {
      wanted = false
    }
  }, [tagWord])

  let shown: Suggestion[] = []
  if (typed?.sign === '@') {
    const wanted = typed.word.toLocaleLowerCase()
    shown = (app.circle?.members ?? [])
      .filter((member) => !member.removed && !member.me)
      .filter((member) =>
        member.name
          .toLocaleLowerCase()
          .split(/\s+/u)
          .some((part) => part.startsWith(wanted)),
      )
      .slice(0, SHOWN_MAX)
      .map((member) => ({
        key: member.key,
        label: member.name,
        icon: <Avatar memberKey={member.key} name={member.name} sizePx={20} />,
        insert: `[@${member.name.replace(/[[\]\\`*_<>]/g, '\\$&')}](twofold://member/${member.key}) `,
      }))
  } else if (typed?.sign === '#') {
    shown = tags
      .filter((tag) => tag !== typed.word.toLocaleLowerCase())
      .slice(0, SHOWN_MAX)
      .map((tag) => ({ key: tag, label: `#${tag}`, icon: null, insert: `#${tag} ` }))
  }
  const chosen = Math.min(at, shown.length - 1)
  const take = (suggestion: Suggestion) => {
    const box = field.current
    if (!box || !typed) return
    const start = typed.end - typed.word.length - 1
    edit(written.slice(0, start) + suggestion.insert + written.slice(typed.end))
    setTyped(null)
    const cursor = start + suggestion.insert.length
    requestAnimationFrame(() => {
      box.focus()
      box.setSelectionRange(cursor, cursor)
    })
  }
  const press = (event: KeyboardEvent): boolean => {
    if (!shown.length || event.ctrlKey || event.metaKey) return false
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      setAt((chosen + (event.key === 'ArrowDown' ? 1 : -1) + shown.length) % shown.length)
    } else if (event.key === 'Enter' || event.key === 'Tab') take(shown[chosen]!)
    else if (event.key === 'Escape') {
      event.stopPropagation()
      setTyped(null)
    } else return false
    event.preventDefault()
    return true
  }
  return {
    press,
    look,
    field: shown.length
      ? {
          'aria-autocomplete': 'list',
          'aria-controls': `${id}-list`,
          'aria-activedescendant': `${id}-${chosen}`,
        }
      : {},
    list: shown.length > 0 && (
      <div className="suggestions" id={`${id}-list`} role="listbox" aria-label={text.compose.suggestions}>
        {shown.map((suggestion, index) => (
          <div
            key={suggestion.key}
            id={`${id}-${index}`}
            className="menu-item"
            role="option"
            aria-selected={index === chosen}
            tabIndex={-1}
            // Before the field loses the focus.
            onPointerDown={(event) => {
              event.preventDefault()
              take(suggestion)
            }}
          >
            {suggestion.icon}
            <span className="ellipsis">{suggestion.label}</span>
          </div>
        ))}
      </div>
    ),
  }
}
