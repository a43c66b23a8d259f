// Decides what is told about the network and in which order: what goes wrong, who is kept out, the ways to peers, the ring, traffic, what
// forwarding costs and mends, links, addresses given by hand, and what was refused.
import { Globe, RefreshCw, Router } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import type { DeviceKey, NetworkLive, NetworkView } from '../../shared/types'
import { call, sentenceOf } from '../backend'
import { useApp } from '../state'
import { text } from '../text'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import { useNow } from '../ui/now'
import { PageHead } from '../ui/page-head'
import { usePolling } from '../ui/polling'
import { tell, tellError } from '../ui/toast'
import { Addresses } from './addresses'
import { Budget, Demoted, Receipts, Repairs } from './forwarding'
import { KeptOut } from './kept-out'
import { Doctor } from './doctor'
import { Links } from './links'
import { Ring } from './ring'
import { Traffic } from './traffic'
import { Problems, Refusals } from './troubles'
import './network.css'

const SECOND_MS = 1_000

/** What no pushed state follows byte by byte: asked for once a second while somebody looks. */
function useNetwork(): { network: NetworkView; live: NetworkLive | null; error: unknown } {
  const { network: pushed } = useApp()
  const [asked, setAsked] = useState<NetworkView | null>(null)
  const [live, setLive] = useState<NetworkLive | null>(null)
  const [error, setError] = useState<unknown>(null)
  usePolling(
    () =>
      Promise.all([call('network.get', {}), call('network.live', {})]).then(
        ([network, moving]) => {
          setAsked(network)
          setLive(moving)
          setError(null)
        },
        // What was known stays in sight.
        setError,
      ),
    SECOND_MS,
    'network',
  )
  // A pushed change is never older than the last answer by more than a second; it is taken at once.
  useEffect(() => setAsked(null), [pushed])
  return { network: asked ?? pushed, live, error }
}

export function Network({ openNavigation }: { openNavigation: () => void }) {
  const { network, live, error } = useNetwork()
  const [chosen, setChosen] = useState<DeviceKey | null>(null)
  const now = useNow(SECOND_MS)
  const refresh = () => call('network.refresh', {}).then(() => tell(text.network.refreshed), tellError)
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
        <div className="page-column network">
          {network.problems.length > 0 && <Problems network={network} now={now} />}
          {network.keptOut.length > 0 && <KeptOut keptOut={network.keptOut} now={now} />}
          <Ways network={network} />
          {error !== null && <Problem>{sentenceOf(error)}</Problem>}
          {live && (
            <>
              <Ring live={live} links={network.links} now={now} chosen={chosen} onChoose={setChosen} />
              <Traffic live={live} links={network.links} chosen={chosen} onChoose={setChosen} />
              <div className="network-pair">
                <div>
                  <Budget forwarding={live.forwarding} devices={live.ring.length} />
                  <Repairs forwarding={live.forwarding} />
                </div>
                <div>
                  <Receipts receipts={live.receipts} />
                  <Demoted live={live} now={now} />
                </div>
              </div>
            </>
          )}
          <Doctor />
          <Links links={network.links} now={now} />
          <Addresses addresses={network.manualAddresses} />
          <Refusals network={network} />
        </div>
      </div>
    </>
  )
}

function Ways({ network }: { network: NetworkView }) {
  return (
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
    </div>
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
