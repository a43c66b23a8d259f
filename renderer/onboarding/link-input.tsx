// Decides how a link gets in here: scanned, dropped or pasted as a picture, or pasted as text; what is wrong with it is said below.
import { useCallback, useEffect, useState } from 'react'
import { sentenceOf } from '../backend'
import { Scan, usePictures } from '../qr/scan'
import { text } from '../text'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import { focusOnMount } from '../ui/focus'

export interface LinkInput {
  typed: string
  problem: string | null
  busy: boolean
  type: (typed: string) => void
  /** Looks at a link; the answer is what is wrong with it, or null. */
  take: (link: string) => Promise<string | null>
  refuse: (problem: string | null) => void
}

/**
 * `given`: a link that was opened; it is looked at once. `look` shows what the link leads to, or throws, or says what is wrong
 * with it; it must stay the same from one drawing to the next.
 */
export function useLinkInput(given: string | null, look: (link: string) => Promise<string | null>): LinkInput {
  const [typed, setTyped] = useState(given ?? '')
  const [problem, refuse] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const take = useCallback(
    async (link: string) => {
      setBusy(true)
      try {
        const wrong = await look(link.trim())
        if (wrong === null) setTyped(link)
        return wrong
      } catch (error) {
        return sentenceOf(error)
      } finally {
        setBusy(false)
      }
    },
    [look],
  )
  useEffect(() => {
    if (given !== null) void take(given).then(refuse)
  }, [given, take])
  const type = (next: string) => {
    setTyped(next)
    refuse(null)
  }
  return { typed, problem, busy, type, take, refuse }
}

interface Words {
  title: string
  lead: string
  field: string
  placeholder: string
  look: string
}

export function LinkForm(props: { id: string; rows: number; words: Words; input: LinkInput; onBack: () => void }) {
  const { id, rows, words, input, onBack } = props
  const { typed, problem, busy, type, take, refuse } = input
  const pictures = usePictures(take, refuse)
  const submit = () => {
    if (typed.trim() !== '') void take(typed).then(refuse)
  }
  return (
    <form
      className="first-form"
      {...pictures}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <h1>{words.title}</h1>
      <p className="first-lead">{words.lead}</p>
      <div className="first-scan">
        <Scan take={take} />
        <span>{text.scan.orPicture}</span>
      </div>
      <div className="field">
        <label htmlFor={id}>{words.field}</label>
        <textarea
          id={id}
          className="input join-link scrolls"
          rows={rows}
          placeholder={words.placeholder}
          spellCheck={false}
          ref={focusOnMount}
          value={typed}
          aria-invalid={problem !== null || undefined}
          onChange={(event) => type(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey) return
            event.preventDefault()
            submit()
          }}
        />
        {problem && <Problem>{problem}</Problem>}
      </div>
      <div className="first-actions">
        <Button look="quiet" size="large" onClick={onBack}>
          {text.action.back}
        </Button>
        <Button type="submit" look="primary" size="large" disabled={busy || typed.trim() === ''}>
          {busy ? text.join.looking : words.look}
        </Button>
      </div>
    </form>
  )
}
