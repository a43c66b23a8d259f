// Decides how choices and problems in forms look: labelled inputs, segmented choices, switches, inline refusals.
import { CircleAlert } from 'lucide-react'
import { focusOnMount } from './focus'
import { useId, type ComponentProps, type ReactNode } from 'react'

/** A refusal, beside what caused it. Announced once when it appears. */
export function Problem({ children, id }: { children: ReactNode; id?: string }) {
  return (
    <div className="problem" role="alert" id={id}>
      <CircleAlert size={15} aria-hidden />
      <span>{children}</span>
    </div>
  )
}

interface TextFieldProps extends Omit<ComponentProps<'input'>, 'size' | 'autoFocus' | 'ref'> {
  label: string
  hint?: string
  problem?: string | null
  large?: boolean
  /** The first field of a form that was just asked for takes the cursor. */
  first?: boolean
}

export function TextField({ label, hint, problem, large = false, first = false, ...rest }: TextFieldProps) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={first ? focusOnMount : null}
        className="input"
        data-size={large ? 'large' : 'medium'}
        aria-invalid={problem ? true : undefined}
        aria-describedby={problem ? `${id}-problem` : hint ? `${id}-hint` : undefined}
        autoComplete="off"
        {...rest}
      />
      {hint && !problem && (
        <span className="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {problem && <Problem id={`${id}-problem`}>{problem}</Problem>}
    </div>
  )
}

interface SegmentsProps<T extends string> {
  label: string
  value: T
  options: readonly { value: T; label: string }[]
  onChange: (value: T) => void
}

/** One of a few, all in sight: native radio buttons, so that arrow keys and screen readers work as everywhere. */
export function Segments<T extends string>({ label, value, options, onChange }: SegmentsProps<T>) {
  const name = useId()
  return (
    <div className="segments" role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value} className="segment">
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          {option.label}
        </label>
      ))}
    </div>
  )
}

interface SwitchProps {
  label: string
  hint: string
  checked: boolean
  onChange: (checked: boolean) => void
}

export function SwitchLine({ label, hint, checked, onChange }: SwitchProps) {
  const id = useId()
  return (
    <div className="line">
      <div className="line-text">
        <label className="line-title" htmlFor={id}>
          {label}
        </label>
        <p className="line-hint" id={`${id}-hint`}>
          {hint}
        </p>
      </div>
      <input
        id={id}
        type="checkbox"
        role="switch"
        className="switch"
        aria-describedby={`${id}-hint`}
        checked={checked}
        aria-checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
    </div>
  )
}
