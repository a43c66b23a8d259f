// Decides how one word of a list is typed: suggestions while typing, a mark when the word is not on the list.
import { useEffect, useId, useState, type ClipboardEvent, type KeyboardEvent } from 'react'
import { call } from '../backend'
import { text } from '../text'
import { focusOnMount } from '../ui/focus'

/** The contract takes no longer prefix; no word of the list is longer than eight letters. */
const PREFIX_MAX = 16

interface WordFieldProps {
  label: string
  /** Shown in the field's corner; a label above the field when absent. */
  position?: number
  value: string
  first?: boolean
  onChange: (value: string) => void
  /** Several words were pasted. */
  onWords?: (words: string[]) => void
  /** The word is complete: on to the next field. */
  onNext: () => void
  onKnown?: (known: boolean) => void
}

export function WordField({
  label,
  position,
  value,
  first = false,
  onChange,
  onWords,
  onNext,
  onKnown,
}: WordFieldProps) {
  const id = useId()
  const [focused, setFocused] = useState(false)
  const [at, setAt] = useState(0)
  const answer = useSuggestions(value)
  const known = answer.prefix === value && answer.words.includes(value)
  const unknown = answer.prefix === value && value !== '' && !known && (answer.words.length === 0 || !focused)
  useEffect(() => onKnown?.(known), [known, onKnown])
  // A whole word is done, also where longer ones begin with it: the list would lie over what comes next.
  const open = focused && value !== '' && answer.words.length > 0 && !known
  const chosen = Math.min(at, answer.words.length - 1)
  const take = (word: string | undefined) => {
    if (word === undefined) return
    onChange(word)
    onNext()
  }
  const press = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (open && by !== 0) {
      event.preventDefault()
      setAt((chosen + by + answer.words.length) % answer.words.length)
    } else if (event.key === ' ' || event.key === 'Enter') {
      const word = known ? value : open ? answer.words[chosen] : undefined
      if (event.key === 'Enter' && (word === undefined || word === value)) return
      event.preventDefault()
      take(word)
    } else if (event.key === 'Escape') setFocused(false)
  }
  const paste = (event: ClipboardEvent) => {
    const words = event.clipboardData
      .getData('text')
      .trim()
      .toLowerCase()
      .split(/[\s,;]+/u)
    if (words.length < 2 || !onWords) return
    event.preventDefault()
    onWords(words.map((word) => word.replace(/^\d+[.)]?/u, '')).filter((word) => word !== ''))
  }
  return (
    <div className="word" data-numbered={position !== undefined || undefined}>
      {position === undefined ? (
        <label htmlFor={id}>{label}</label>
      ) : (
        <span className="word-number" aria-hidden>
          {position}
        </span>
      )}
      <input
        id={id}
        className="input"
        role="combobox"
        aria-label={label}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open ? `${id}-${chosen}` : undefined}
        aria-invalid={unknown || undefined}
        aria-describedby={unknown ? `${id}-unknown` : undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        ref={first ? focusOnMount : null}
        value={value}
        onChange={(event) => {
          setAt(0)
          setFocused(true)
          onChange(event.target.value.trim().toLowerCase())
        }}
        onKeyDown={press}
        onPaste={paste}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
      />
      {unknown && (
        <span className="unseen" id={`${id}-unknown`}>
          {text.restore.unknown}
        </span>
      )}
      <div className="menu word-list" id={`${id}-list`} role="listbox" aria-label={text.suggestions} hidden={!open}>
        {open &&
          answer.words.map((word, index) => (
            <div
              key={word}
              id={`${id}-${index}`}
              className="menu-item"
              role="option"
              aria-selected={index === chosen}
              // Before the field loses its focus.
              onPointerDown={(event) => {
                event.preventDefault()
                take(word)
              }}
            >
              <span>
                <b>{word.slice(0, value.length)}</b>
                {word.slice(value.length)}
              </span>
            </div>
          ))}
      </div>
    </div>
  )
}

/** The backend's words for a prefix; while it answers, the words that still fit. */
function useSuggestions(prefix: string): { prefix: string | null; words: string[] } {
  const [answer, setAnswer] = useState<{ prefix: string; words: string[] } | null>(null)
  useEffect(() => {
    if (prefix === '') return
    let wanted = true
    call('identity.suggest', { prefix: prefix.slice(0, PREFIX_MAX) }).then(
      (words) => wanted && setAnswer({ prefix, words }),
      () => undefined,
    )
    return () => {
      wanted = false
    }
  }, [prefix])
  if (answer?.prefix === prefix) return answer
  return { prefix: null, words: answer?.words.filter((word) => word.startsWith(prefix)) ?? [] }
}
