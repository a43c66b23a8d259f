// Decides how problems of the network and refusals are told, each in a sentence.
import { CircleAlert, ShieldBan } from 'lucide-react'
import { wording } from '../../shared/errors'
import type { NetworkView } from '../../shared/types'
import { locale, text } from '../text'
import { relativeTime } from '../ui/time'

/** A placeholder of a sentence whose details a counter does not keep. */
const sentenceFor = (code: string): string =>
  code in wording ? wording[code as keyof typeof wording].replace(/\s*\{\w+\}/gu, '') : text.network.unknownCode

export function Problems({ network, now }: { network: NetworkView; now: number }) {
  return (
    <section aria-label={text.network.problems}>
      <h2 className="group-title">{text.network.problems}</h2>
      <ul className="panel" aria-live="polite">
        {network.problems.map((problem) => (
          <li key={`${problem.code} ${problem.at}`} className="line network-problem">
            <CircleAlert size={17} aria-hidden />
            <div className="line-text">
              <p>{problem.text}</p>
              <p className="line-hint">{relativeTime(problem.at, now, locale)}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

export function Refusals({ network }: { network: NetworkView }) {
  const codes = Object.entries(network.refused)
    .filter(([code]) => code !== 'STRANGER_REFUSED')
    .sort((a, b) => b[1] - a[1])
  return (
    <section aria-label={text.network.refusals} data-testid="refusals">
      <h2 className="group-title">{text.network.refusals}</h2>
      <div className="panel">
        <div className="line" data-code="STRANGER_REFUSED">
          <ShieldBan size={18} aria-hidden className="dim" />
          <div className="line-text">
            <p>{text.network.strangers(network.strangersRefused)}</p>
            {network.strangersRefused > 0 && <p className="line-hint mono">STRANGER_REFUSED</p>}
            {codes.length === 0 && <p className="line-hint">{text.network.noRefused}</p>}
          </div>
        </div>
        {codes.map(([code, amount]) => (
          <div key={code} className="line" data-code={code}>
            <strong className="refused-count">{text.network.times(amount)}</strong>
            <div className="line-text">
              <p>{sentenceFor(code)}</p>
              <p className="line-hint mono">{code}</p>
            </div>
          </div>
        ))}
      </div>
    </section>
  )
}
