// Decides how somebody comes back with 24 words: one field a word, each checked as it is typed.
import { useCallback, useMemo, useRef, useState } from 'react'
import { call } from '../backend'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Problem, TextField } from '../ui/field'
import { WordField } from './word-field'
import { focusField } from './words'

const WORDS = 24
const empty = () => Array.from({ length: WORDS }, () => '')

export function Restore({ name: given, onBack }: { name: string; onBack: () => void }) {
  const [name, setName] = useState(given)
  const [words, setWords] = useState(empty)
  const [known, setKnown] = useState<ReadonlySet<number>>(new Set())
  const grid = useRef<HTMLDivElement>(null)
  const { busy, problem, clear, run } = useAction()
  const [backup, setBackup] = useState<string | null>(null)
  const choose = () =>
    run(async () => {
      const { path } = await call('file.choose', { what: 'open' })
      if (path !== null) setBackup(path)
    })
  const mark = useCallback((index: number, is: boolean) => {
    setKnown((before) => {
      if (before.has(index) === is) return before
      const after = new Set(before)
      if (is) after.add(index)
      else after.delete(index)
      return after
    })
  }, [])
  const marks = useMemo(() => empty().map((_, index) => (is: boolean) => mark(index, is)), [mark])
  const change = (index: number, given: readonly string[]) => {
    clear()
    setWords((before) => before.map((word, at) => given[at - index] ?? word))
  }
  const ready = name.trim() !== '' && words.every((word) => word !== '')
  return (
    <form
      className="first-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready)
          void run(() =>
            backup === null
              ? call('identity.restore', { name: name.trim(), words: words.join(' ') })
              : call('backup.restore', { path: backup, name: name.trim(), words: words.join(' ') }),
          )
      }}
    >
      <h1>{text.restore.title}</h1>
      <p className="first-lead">{text.restore.lead}</p>
      <TextField label={text.welcome.nameLabel} value={name} first onChange={(event) => setName(event.target.value)} />
      <div className="field">
        <span className="field-label restore-label">
          {text.restore.words}
          <span className="field-hint" role="status">
            {text.restore.progress(known.size)}
          </span>
        </span>
        <div className="restore-words" ref={grid}>
          {words.map((word, index) => (
            <WordField
              // the place is the word's identity
              key={index}
              label={text.confirm.word(index + 1)}
              position={index + 1}
              value={word}
              onChange={(next) => change(index, [next])}
              onWords={(pasted) => change(index, pasted)}
              onNext={() =>
                focusField(
                  index + 1 < WORDS ? grid.current : (grid.current?.closest('form') ?? null),
                  index + 1 < WORDS ? index + 1 : Infinity,
                )
              }
              onKnown={marks[index] ?? (() => undefined)}
            />
          ))}
        </div>
        <span className="field-hint">{text.restore.paste}</span>
      </div>
      <div className="restore-backup">
        {backup !== null && (
          <p className="field-hint" role="status">
            {text.restore.backupChosen(backup)}
          </p>
        )}
        <Button size="small" look="quiet" onClick={() => (backup === null ? void choose() : setBackup(null))}>
          {backup === null ? text.restore.backup : text.restore.withoutBackup}
        </Button>
      </div>
      {problem && <Problem>{problem}</Problem>}
      <div className="first-actions">
        <Button look="quiet" size="large" onClick={onBack}>
          {text.action.back}
        </Button>
        <Button type="submit" look="primary" size="large" disabled={busy || !ready}>
          {text.restore.submit}
        </Button>
      </div>
    </form>
  )
}
