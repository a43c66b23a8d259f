// Decides how a circle is started: its name, and who lets people in, in plain words.
import { useId, useState } from 'react'
import { call } from '../backend'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { TextField } from '../ui/field'

const ways = [
  { value: 'auto', title: text.createCircle.auto, hint: text.createCircle.autoHint },
  { value: 'ask', title: text.createCircle.ask, hint: text.createCircle.askHint },
] as const

export function CreateCircle({ onBack }: { onBack: () => void }) {
  const group = useId()
  const [name, setName] = useState('')
  const [approval, setApproval] = useState<'auto' | 'ask'>('auto')
  const { busy, problem, clear, run } = useAction()
  return (
    <form
      className="first-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '') void run(() => call('circle.create', { name: name.trim(), approval }))
      }}
    >
      <h1>{text.createCircle.title}</h1>
      <TextField
        label={text.createCircle.name}
        hint={text.createCircle.nameHint}
        problem={problem}
        large
        first
        value={name}
        onChange={(event) => {
          setName(event.target.value)
          clear()
        }}
      />
      <fieldset className="ways">
        <legend className="field-label">{text.createCircle.approval}</legend>
        {ways.map((way) => (
          <label key={way.value} className="way">
            <input
              type="radio"
              name={group}
              aria-label={way.title}
              aria-describedby={`${group}-${way.value}`}
              checked={approval === way.value}
              onChange={() => setApproval(way.value)}
            />
            <span>
              <strong>{way.title}</strong>
              <span id={`${group}-${way.value}`}>{way.hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div className="first-actions">
        <Button look="quiet" size="large" onClick={onBack}>
          {text.action.back}
        </Button>
        <Button type="submit" look="primary" size="large" disabled={busy || name.trim() === ''}>
          {text.createCircle.submit}
        </Button>
      </div>
    </form>
  )
}
