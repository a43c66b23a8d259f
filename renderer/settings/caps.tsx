// Decides how bandwidth caps are set: a number of KiB a second in all and to one device, taken when the field is left.
import { useEffect, useId, useState } from 'react'
import type { Settings } from '../../shared/types'
import { call } from '../backend'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Problem } from '../ui/field'
import { CAP_MAX_KIB, capOf } from './cap'

export function Caps({ settings }: { settings: Settings }) {
  return (
    <section aria-label={text.settings.caps}>
      <h2 className="group-title">{text.settings.caps}</h2>
      <div className="panel">
        <p className="line line-hint">{text.settings.capsHint}</p>
        <Cap label={text.settings.cap} kib={settings.capKiB} set={(capKiB) => call('settings.set', { capKiB })} />
        <Cap
          label={text.settings.capPeer}
          kib={settings.capPeerKiB}
          set={(capPeerKiB) => call('settings.set', { capPeerKiB })}
        />
      </div>
    </section>
  )
}

function Cap({ label, kib, set }: { label: string; kib: number; set: (kib: number) => Promise<unknown> }) {
  const id = useId()
  const [typed, setTyped] = useState(String(kib))
  const { problem, clear, run } = useAction()
  // Set elsewhere meanwhile (command line, another window): that is what holds now.
  useEffect(() => setTyped(String(kib)), [kib])
  const given = capOf(typed)
  const wrong = given === null ? text.settings.capProblem(CAP_MAX_KIB) : problem
  const take = async () => {
    if (given === null) return
    setTyped(String(given))
    if (given !== kib) await run(() => set(given))
  }
  return (
    <div className="line">
      <div className="line-text">
        <label className="line-title" htmlFor={id}>
          {label}
        </label>
        <p className="line-hint" id={`${id}-hint`}>
          {kib === 0 ? text.settings.capNone : text.settings.capIs(kib)}
        </p>
        {wrong && <Problem id={`${id}-problem`}>{wrong}</Problem>}
      </div>
      <span className="settings-cap">
        <input
          id={id}
          className="input"
          inputMode="numeric"
          autoComplete="off"
          value={typed}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={wrong ? `${id}-problem` : `${id}-hint ${id}-unit`}
          onChange={(event) => {
            setTyped(event.target.value)
            clear()
          }}
          onBlur={() => void take()}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void take()
            if (event.key === 'Escape') {
              event.preventDefault()
              setTyped(String(kib))
            }
          }}
        />
        <span id={`${id}-unit`}>{text.settings.capUnit}</span>
      </span>
    </div>
  )
}
