// Decides how the 24 words are shown, once and clearly, and how three of them are asked for.
import { Eye, EyeOff, PenLine } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { call, sentenceOf } from '../backend'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import { WordField } from './word-field'

export function Words({ ask }: { ask: readonly number[] }) {
  const [confirming, setConfirming] = useState(false)
  return confirming ? (
    <Confirm ask={ask} onBack={() => setConfirming(false)} />
  ) : (
    <Show onDone={() => setConfirming(true)} />
  )
}

function Show({ onDone }: { onDone: () => void }) {
  const [words, setWords] = useState<string[] | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [hidden, setHidden] = useState(false)
  const discard = useAction()
  useEffect(() => {
    call('identity.words', {}).then(
      (answer) => setWords(answer.words),
      (error: unknown) => setProblem(sentenceOf(error)),
    )
  }, [])
  return (
    <div className="first-form">
      <h1>{text.words.title}</h1>
      <p className="first-lead">{text.words.lead}</p>
      {words ? (
        <ol
          className="words"
          aria-label={text.words.list}
          data-hidden={hidden || undefined}
          data-testid="recovery-words"
        >
          {words.map((word, index) => (
            // a word may come twice
            <li key={index}>{hidden ? '•••••' : word}</li>
          ))}
        </ol>
      ) : (
        <div className="words-wait" aria-hidden />
      )}
      <p className="words-advice">
        <PenLine size={17} aria-hidden />
        {text.words.advice}
      </p>
      {(problem ?? discard.problem) && <Problem>{problem ?? discard.problem}</Problem>}
      <div className="words-tools">
        <Button size="small" look="quiet" aria-pressed={hidden} onClick={() => setHidden(!hidden)}>
          {hidden ? <Eye size={15} aria-hidden /> : <EyeOff size={15} aria-hidden />}
          {hidden ? text.words.show : text.words.hide}
        </Button>
      </div>
      <div className="first-actions">
        <Button
          look="quiet"
          size="large"
          disabled={discard.busy}
          onClick={() => void discard.run(() => call('identity.discard', {}))}
        >
          {text.words.startOver}
        </Button>
        <Button look="primary" size="large" disabled={words === null} onClick={onDone}>
          {text.words.done}
        </Button>
      </div>
    </div>
  )
}

function Confirm({ ask, onBack }: { ask: readonly number[]; onBack: () => void }) {
  const [words, setWords] = useState<string[]>(() => ask.map(() => ''))
  const form = useRef<HTMLFormElement>(null)
  const { busy, problem, clear, run } = useAction()
  const ready = words.every((word) => word !== '')
  return (
    <form
      ref={form}
      className="first-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) void run(() => call('identity.confirm', { words }))
      }}
    >
      <h1>{text.confirm.title}</h1>
      <p className="first-lead">{text.confirm.lead}</p>
      <div className="confirm-words">
        {ask.map((position, index) => (
          <WordField
            key={position}
            label={text.confirm.word(position)}
            value={words[index] ?? ''}
            first={index === 0}
            onChange={(word) => {
              clear()
              setWords((known) => known.map((one, at) => (at === index ? word : one)))
            }}
            onNext={() => focusField(form.current, index + 1)}
          />
        ))}
      </div>
      {problem && <Problem>{problem}</Problem>}
      <div className="first-actions">
        <Button look="quiet" size="large" onClick={onBack}>
          {text.confirm.again}
        </Button>
        <Button type="submit" look="primary" size="large" disabled={busy || !ready}>
          {text.confirm.submit}
        </Button>
      </div>
    </form>
  )
}

/** The next word's field, or the button after the last one. */
export function focusField(form: HTMLElement | null, index: number): void {
  const next = form?.querySelectorAll('input')[index] ?? form?.querySelector('button[type=submit]')
  // The value that was just chosen enables the button with the next paint.
  requestAnimationFrame(() => next instanceof HTMLElement && next.focus())
}
