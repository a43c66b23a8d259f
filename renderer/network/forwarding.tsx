// Decides how the cost and the mending of forwarding are told (rules F3, F7, R1–R4, R6, C3): copies as a budget against
// sending everything to everybody, each counter with what it means, who is demoted and why, and who signed what he holds.
import { CircleCheck } from 'lucide-react'
import type { ForwardingView, NetworkLive } from '../../shared/types'
import { locale, text } from '../text'
import { momentIn, relativeTime } from '../ui/time'

/** What is saved is told from here on: below it nobody would call it a saving. */
const SAVING_FROM = 1.5

export function Budget({ forwarding, devices }: { forwarding: ForwardingView; devices: number }) {
  const { copiesSent, copiesReceived, duplicates, announcementsSent, entries } = forwarding
  const ours = entries === 0 ? 0 : copiesSent / entries
  const mesh = Math.max(0, devices - 1)
  const most = Math.max(ours, mesh, 1)
  return (
    <section aria-label={text.network.budget} data-testid="budget">
      <h2 className="group-title">{text.network.budget}</h2>
      <div className="panel budget">
        {entries === 0 ? (
          <p className="line-hint">{text.network.budgetNone}</p>
        ) : (
          <>
            <Bar label={text.network.budgetOurs} value={ours} most={most} look="ours" />
            <Bar label={text.network.budgetMesh} value={mesh} most={most} look="mesh" />
            <p>
              {text.network.budgetLead(copiesSent, entries, entries * mesh)}
              {ours > 0 &&
                mesh / ours >= SAVING_FROM &&
                ` ${text.network.budgetSaved(text.network.budgetTimes(mesh / ours))}`}
            </p>
            <p className="line-hint">
              {text.network.budgetRest(copiesReceived, duplicates)}
              {announcementsSent > 0 && ` ${text.network.budgetAnnounced(announcementsSent)}`}
            </p>
          </>
        )}
      </div>
    </section>
  )
}

function Bar({ label, value, most, look }: { label: string; value: number; most: number; look: 'ours' | 'mesh' }) {
  return (
    <div className="bar" data-look={look}>
      <span>{label}</span>
      <span className="bar-track" aria-hidden>
        <span style={{ width: `${(100 * value) / most}%` }} />
      </span>
      <strong>{text.network.budgetValue(value)}</strong>
    </div>
  )
}

const REPAIRS = ['retried', 'takenOver', 'late', 'pulled'] as const

export function Repairs({ forwarding }: { forwarding: ForwardingView }) {
  return (
    <section aria-label={text.network.repairs} data-testid="repairs">
      <h2 className="group-title">{text.network.repairs}</h2>
      <dl className="panel counters">
        {REPAIRS.map((name) => (
          <div key={name} className="line">
            <dt className="line-text">
              <span className="line-title">{text.network.repair[name].name}</span>
              <span className="line-hint">{text.network.repair[name].means}</span>
            </dt>
            <dd data-none={forwarding[name] === 0}>{text.network.amount(forwarding[name])}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

export function Demoted({ live, now }: { live: NetworkLive; now: number }) {
  return (
    <section aria-label={text.network.demoted} data-testid="demoted">
      <h2 className="group-title">{text.network.demoted}</h2>
      {live.demoted.length === 0 ? (
        <div className="panel line">
          <CircleCheck size={18} aria-hidden className="dim" />
          <p className="line-text">{text.network.demotedNone}</p>
        </div>
      ) : (
        <>
          <ul className="panel">
            {live.demoted.map((one) => (
              <li key={one.device} className="line">
                <div className="line-text">
                  <p className="line-title">{one.memberName}</p>
                  <p>{one.text}</p>
                  <p className="line-hint">
                    {text.network.demotedSince(
                      momentIn(one.since, now, locale),
                      relativeTime(one.until, now, locale),
                      momentIn(one.until, now, locale),
                    )}
                  </p>
                </div>
              </li>
            ))}
          </ul>
          <p className="line-hint under">{text.network.demotedMeans}</p>
        </>
      )}
    </section>
  )
}

export function Receipts({ receipts }: { receipts: NetworkLive['receipts'] }) {
  const { proven, of, everyMs } = receipts
  return (
    <section aria-label={text.network.receipts} data-testid="receipts">
      <h2 className="group-title">{text.network.receipts}</h2>
      <div className="panel budget">
        {of === 0 ? (
          <p className="line-hint">{text.network.receiptsAlone}</p>
        ) : (
          <>
            <p className="line-title">{text.network.receiptsProven(proven, of)}</p>
            <span className="bar-track meter" data-look="ours" aria-hidden>
              <span style={{ width: `${(100 * proven) / of}%` }} />
            </span>
            <p className="line-hint">{text.network.receiptsMean(Math.round(everyMs / 1000))}</p>
          </>
        )}
      </div>
    </section>
  )
}
