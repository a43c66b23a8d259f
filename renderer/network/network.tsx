// Decides what is told about the network: the two ways to peers, the links, what an entry costs in copies, addresses
// given by hand, what goes wrong and what was refused, each in a sentence.
import { Cable, CircleAlert, Globe, Plus, RefreshCw, Router, ShieldBan, Unplug, X } from 'lucide-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { wording } from '../../shared/errors'
import type { LinkView, NetworkView } from '../../shared/types'
import { call } from '../backend'
import { useApp } from '../state'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button, IconButton } from '../ui/button'
import { TextField } from '../ui/field'
import { useNow } from '../ui/now'
import { PageHead } from '../ui/page-head'
import { byteSize, relativeTime } from '../ui/time'
import { tell, tellError } from '../ui/toast'
import { addSample, ratesOf, type Sample } from './rates'
import './network.css'

const SECOND_MS = 1_000
/** A placeholder of a sentence whose details a counter does not keep. */
const sentenceFor = (code: string): string =>
  code in wording ? wording[code as keyof typeof wording].replace(/\s*\{\w+\}/gu, '') : text.network.unknownCode

/** The network's figures, which no pushed state follows byte by byte: asked for once a second while somebody looks. */
function useNetwork(): NetworkView {
  const { network: pushed } = useApp()
  const [asked, setAsked] = useState<NetworkView | null>(null)
  useEffect(() => {
    let wanted = true
    const ask = () =>
      call('network.get', {}).then(
        (network) => wanted && setAsked(network),
        // The pushed figures stay; what is wrong is told where it happened.
        () => undefined,
      )
    const timer = setInterval(() => void ask(), SECOND_MS)
    return () => {
      wanted = false
      clearInterval(timer)
    }
  }, [])
  // A pushed change is never older than the last answer by more than a second; it is taken at once.
  useEffect(() => setAsked(null), [pushed])
  return asked ?? pushed
}

export function Network({ openNavigation }: { openNavigation: () => void }) {
  const { circle } = useApp()
  const network = useNetwork()
  const now = useNow(SECOND_MS)
  const refresh = () => call('network.refresh', {}).then(() => tell(text.network.refreshed), tellError)
  const devices = (circle?.members ?? [])
    .filter((member) => !member.removed)
    .flatMap((member) => member.devices)
    .filter((device) => !device.removed).length
  return (
    <>
      <PageHead
        title={text.network.title}
        note={network.listening ? text.network.port(network.port) : text.network.notListening}
        openNavigation={openNavigation}
      >
        <Button aria-label={text.network.refresh} onClick={() => void refresh()}>
          <RefreshCw size={15} aria-hidden />
          <span className="wide-only">{text.network.refresh}</span>
        </Button>
      </PageHead>
      <div className="page scrolls">
        <div className="page-column">
          {network.problems.length > 0 && <Problems network={network} now={now} />}
          <div className="cards">
            <Card
              icon={<Router size={18} aria-hidden />}
              title={text.network.lan}
              tone={network.lan === 'on' ? 'good' : network.lan === 'off' ? 'calm' : 'warn'}
              state={text.network.lanState[network.lan]}
              note={`${text.network.interfaces}: ${network.interfaces.length === 0 ? text.network.noInterfaces : network.interfaces.join(', ')}`}
            />
            <Card
              icon={<Globe size={18} aria-hidden />}
              title={text.network.internet}
              tone={network.internet === 'up' ? 'good' : 'calm'}
              state={text.network.internetState[network.internet]}
            />
            <Traffic links={network.links} />
          </div>
          <Links links={network.links} now={now} />
          <Budget network={network} devices={devices} />
          <Addresses addresses={network.manualAddresses} />
          <Refusals network={network} />
        </div>
      </div>
    </>
  )
}

interface CardProps {
  icon: ReactNode
  title: string
  tone: 'good' | 'warn' | 'calm'
  state: string
  note?: string
}

function Card({ icon, title, tone, state, note }: CardProps) {
  return (
    <section className="panel card" aria-label={title}>
      <h2>
        {icon}
        {title}
      </h2>
      <p className="card-state" data-tone={tone}>
        <span className="sidebar-light" aria-hidden />
        {state}
      </p>
      {note && <p className="line-hint">{note}</p>}
    </section>
  )
}

const PLOT_WIDTH = 200
const PLOT_HEIGHT = 44

function Traffic({ links }: { links: readonly LinkView[] }) {
  const [samples, setSamples] = useState<Sample[]>([])
  const latest = useRef(links)
  latest.current = links
  useEffect(() => {
    const take = () =>
      setSamples((known) =>
        addSample(known, {
          at: Date.now(),
          bytesIn: latest.current.reduce((sum, link) => sum + link.bytesIn, 0),
          bytesOut: latest.current.reduce((sum, link) => sum + link.bytesOut, 0),
        }),
      )
    take()
    const timer = setInterval(take, SECOND_MS)
    return () => clearInterval(timer)
  }, [])
  const rates = ratesOf(samples)
  const now = rates.at(-1) ?? { inPerSecond: 0, outPerSecond: 0 }
  const most = Math.max(1024, ...rates.flatMap((rate) => [rate.inPerSecond, rate.outPerSecond]))
  const line = (pick: 'inPerSecond' | 'outPerSecond') =>
    rates
      .map(
        (rate, index) =>
          `${(PLOT_WIDTH - ((rates.length - 1 - index) / 59) * PLOT_WIDTH).toFixed(1)},${(PLOT_HEIGHT - 2 - (rate[pick] / most) * (PLOT_HEIGHT - 6)).toFixed(1)}`,
      )
      .join(' ')
  const sent = text.network.rate(Math.round(now.outPerSecond))
  const received = text.network.rate(Math.round(now.inPerSecond))
  return (
    <section className="panel card" aria-label={text.network.traffic}>
      <h2>
        <Cable size={18} aria-hidden />
        {text.network.traffic}
      </h2>
      <svg
        className="plot"
        viewBox={`0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text.network.trafficLabel(sent, received)}
      >
        <line x1="0" x2={PLOT_WIDTH} y1={PLOT_HEIGHT - 1} y2={PLOT_HEIGHT - 1} className="plot-ground" />
        <polyline points={line('inPerSecond')} className="plot-line tree-a" />
        <polyline points={line('outPerSecond')} className="plot-line tree-b" />
      </svg>
      <p className="plot-key line-hint">
        <span className="route-key tree-a">
          {text.network.received} {received}
        </span>
        <span className="route-key tree-b">
          {text.network.sent} {sent}
        </span>
      </p>
    </section>
  )
}

function Problems({ network, now }: { network: NetworkView; now: number }) {
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

function Links({ links, now }: { links: readonly LinkView[]; now: number }) {
  return (
    <section aria-label={text.network.links}>
      <h2 className="group-title">{text.network.links}</h2>
      {links.length === 0 ? (
        <div className="panel line">
          <Unplug size={18} aria-hidden className="dim" />
          <div className="line-text">
            <p className="line-title">{text.network.noLinks}</p>
            <p className="line-hint">{text.network.noLinksHint}</p>
          </div>
        </div>
      ) : (
        <div className="panel table-frame scrolls" tabIndex={0} role="region" aria-label={text.network.links}>
          <table className="links">
            <thead>
              <tr>
                <th scope="col">{text.network.member}</th>
                <th scope="col">{text.network.path}</th>
                <th scope="col" className="figure">
                  {text.network.rtt}
                </th>
                <th scope="col" className="figure">
                  {text.network.received}
                </th>
                <th scope="col" className="figure">
                  {text.network.sent}
                </th>
                <th scope="col" className="figure">
                  {text.network.since}
                </th>
              </tr>
            </thead>
            <tbody>
              {links.map((link) => (
                <tr key={`${link.device} ${link.address}`} data-testid="link">
                  <th scope="row">
                    {link.memberName}
                    <span className="link-address">{link.address}</span>
                  </th>
                  <td>
                    <span className="tag" data-tone={link.path === 'internet' ? 'accent' : 'good'}>
                      {text.network.pathName[link.path]}
                    </span>
                  </td>
                  <td className="figure">
                    {link.srttMs === null ? text.network.unmeasured : text.network.rttValue(link.srttMs)}
                  </td>
                  <td className="figure">{byteSize(link.bytesIn, locale)}</td>
                  <td className="figure">{byteSize(link.bytesOut, locale)}</td>
                  <td className="figure">{relativeTime(link.sinceMs, now, locale)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function Budget({ network, devices }: { network: NetworkView; devices: number }) {
  const { copiesSent, copiesReceived, entriesRouted } = network
  const mine = entriesRouted === 0 ? 0 : copiesSent / entriesRouted
  const mesh = Math.max(0, devices - 1)
  const most = Math.max(mine, mesh, 1)
  return (
    <section aria-label={text.network.budget} data-testid="budget">
      <h2 className="group-title">{text.network.budget}</h2>
      <div className="panel budget">
        {entriesRouted === 0 ? (
          <p className="line-hint">{text.network.budgetNone}</p>
        ) : (
          <>
            <Bar label={text.network.budgetOurs} value={mine} most={most} look="ours" />
            <Bar label={text.network.budgetMesh} value={mesh} most={most} look="mesh" />
            <p className="line-hint">
              {text.network.budgetLead(copiesSent, entriesRouted)} {text.network.copiesReceived(copiesReceived)}{' '}
              {mine > 0 && mesh / mine >= 1.5 && text.network.budgetSaved(text.network.budgetValue(mesh / mine))}
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

function Addresses({ addresses }: { addresses: readonly string[] }) {
  const [address, setAddress] = useState('')
  const { busy, problem, clear, run } = useAction()
  const add = async () => {
    if (address.trim() === '') return
    if (await run(() => call('network.addAddress', { address }))) setAddress('')
  }
  return (
    <section aria-label={text.network.addresses}>
      <h2 className="group-title">{text.network.addresses}</h2>
      <div className="panel addresses">
        <form
          className="address-form"
          onSubmit={(event) => {
            event.preventDefault()
            void add()
          }}
        >
          <TextField
            label={text.network.address}
            hint={text.network.addressesHint}
            problem={problem}
            placeholder={text.network.addressPlaceholder}
            value={address}
            onChange={(event) => {
              setAddress(event.target.value)
              clear()
            }}
          />
          <Button type="submit" disabled={busy || address.trim() === ''}>
            <Plus size={15} aria-hidden />
            {text.network.addAddress}
          </Button>
        </form>
        {addresses.length > 0 && (
          <ul className="address-list">
            {addresses.map((known) => (
              <li key={known}>
                <span className="mono">{known}</span>
                <IconButton
                  label={text.network.removeAddress(known)}
                  onClick={() => void call('network.removeAddress', { address: known }).catch(tellError)}
                >
                  <X size={15} aria-hidden />
                </IconButton>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}

function Refusals({ network }: { network: NetworkView }) {
  const codes = Object.entries(network.refused).sort((a, b) => b[1] - a[1])
  return (
    <section aria-label={text.network.refusals} data-testid="refusals">
      <h2 className="group-title">{text.network.refusals}</h2>
      <div className="panel">
        <div className="line">
          <ShieldBan size={18} aria-hidden className="dim" />
          <div className="line-text">
            <p>{text.network.strangers(network.strangersRefused)}</p>
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
