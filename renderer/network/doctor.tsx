// "Why can't I see Bob?" (rule L4): a member is chosen, and it is said what was tried and what stands in the way. Asked anew
// while somebody looks, since every attempt changes it.
import { CircleAlert, CircleCheck, Info } from 'lucide-react'
import { useState } from 'react'
import { findings as english, say, type Diagnosis } from '../../shared/diagnosis'
import { findingsDe } from '../../shared/diagnosis-de'
import type { MemberKey } from '../../shared/types'
import { call, sentenceOf } from '../backend'
import { language } from '../language'
import { useApp } from '../state'
import { text } from '../text'
import { Problem } from '../ui/field'
import { usePolling } from '../ui/polling'

const EVERY_MS = 2_000
const icons = { good: CircleCheck, bad: CircleAlert, note: Info } as const
const words = language === 'de' ? findingsDe : english

export function Doctor() {
  const { circle } = useApp()
  const [member, setMember] = useState<MemberKey | ''>('')
  const others = (circle?.members ?? []).filter((one) => !one.me && !one.removed)
  // Whoever cannot be seen is whom one asks for.
  const away = others.filter((one) => one.presence.state !== 'online')
  const here = others.filter((one) => one.presence.state === 'online')
  if (!others.length) return null
  return (
    <section aria-label={text.network.doctor} data-testid="doctor">
      <h2 className="group-title">{text.network.doctor}</h2>
      <div className="panel">
        <div className="line">
          <div className="line-text">
            <p className="line-hint">{text.network.doctorLead}</p>
          </div>
          <select
            className="input doctor-member"
            aria-label={text.network.doctorMember}
            value={member}
            onChange={(event) => setMember(event.target.value as MemberKey | '')}
          >
            <option value="">{text.network.doctorChoose}</option>
            {[...away, ...here].map((one) => (
              <option key={one.key} value={one.key}>
                {one.name}
              </option>
            ))}
          </select>
        </div>
        {member !== '' && <Findings key={member} member={member} />}
      </div>
    </section>
  )
}

function Findings({ member }: { member: MemberKey }) {
  const [diagnosis, setDiagnosis] = useState<Diagnosis | null>(null)
  const [error, setError] = useState<unknown>(null)
  usePolling(
    () =>
      call('network.diagnose', { member }).then((found) => {
        setDiagnosis(found)
        setError(null)
      }, setError),
    EVERY_MS,
    member,
  )
  if (error !== null) return <Problem>{sentenceOf(error)}</Problem>
  return (
    <ul className="findings" aria-live="polite">
      {diagnosis?.findings.map((finding) => {
        const Icon = icons[finding.tone]
        return (
          <li key={finding.code} className="line finding" data-tone={finding.tone} data-code={finding.code}>
            <Icon size={17} role="img" aria-label={text.network.doctorTone[finding.tone]} />
            <div className="line-text">
              <p>{say(finding, words)}</p>
            </div>
          </li>
        )
      })}
    </ul>
  )
}
