// Decides the first run: name, 24 words, three of them again, then a circle to start or to join. The backend says which
// step it is; only the way within a step is decided here.
import { CircleDot, Import, KeyRound, ShieldCheck, Ticket, WifiOff } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import type { AppPhase, InvitePreview } from '../../shared/types'
import { call, sentenceOf } from '../backend'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Problem, TextField } from '../ui/field'
import { Mark } from '../ui/mark'
import { CreateCircle } from './create-circle'
import { Join } from './join'
import { Joining } from './joining'
import { LinkDevice } from './link-device'
import { Restore } from './restore'
import { Words } from './words'
import './onboarding.css'

type FirstRun = Extract<AppPhase, { phase: 'welcome' | 'confirm-words' | 'no-circle' | 'joining' }>

interface OnboardingProps {
  phase: AppPhase
  /** An invite link that was opened; it waits until there is somebody to be invited. */
  link: string | null
  onLinkDone: () => void
}

export function Onboarding({ phase, link, onLinkDone }: OnboardingProps) {
  const first = phase as FirstRun
  const step = first.phase === 'welcome' ? 0 : first.phase === 'confirm-words' ? 1 : 2
  const names = [text.steps.name, text.steps.words, text.steps.circle]
  return (
    <main className="first scrolls" id="main">
      <div className="first-column">
        <header className="first-head">
          <span className="first-brand">
            <Mark sizePx={28} />
            {text.app.name}
          </span>
          {/* A device that is being added has no words of its own. */}
          {!(first.phase === 'joining' && first.preview.forDevice) && (
            <ol className="first-steps" aria-label={text.steps.label}>
              {names.map((name, index) => (
                <li
                  key={name}
                  data-state={index < step ? 'done' : index === step ? 'now' : 'next'}
                  aria-current={index === step ? 'step' : undefined}
                  aria-label={index === step ? text.steps.current(name) : name}
                >
                  {name}
                </li>
              ))}
            </ol>
          )}
        </header>
        <div className="first-card" key={first.phase}>
          {first.phase === 'welcome' && <Welcome key={link} link={link} />}
          {first.phase === 'confirm-words' && <Words ask={first.ask} />}
          {first.phase === 'no-circle' && (
            <NoCircle name={first.name} restored={first.restored} link={link} onLinkDone={onLinkDone} />
          )}
          {first.phase === 'joining' && <Joining phase={first} />}
        </div>
        {first.phase === 'welcome' && <Points />}
      </div>
    </main>
  )
}

const pointIcons = [WifiOff, ShieldCheck, KeyRound] as const

function Points() {
  return (
    <ul className="first-points">
      {text.welcome.points.map(([title, hint], index) => {
        const Icon = pointIcons[index] ?? ShieldCheck
        return (
          <li key={title}>
            <Icon size={18} aria-hidden />
            <strong>{title}</strong>
            <span>{hint}</span>
          </li>
        )
      })}
    </ul>
  )
}

/** What an opened link says, as soon as it is opened: who invites, or what is wrong with it. */
function Invited({ link }: { link: string }) {
  const [answer, setAnswer] = useState<{ preview: InvitePreview } | { problem: string } | null>(null)
  useEffect(() => {
    let wanted = true
    call('invite.preview', { link }).then(
      (preview) => wanted && setAnswer({ preview }),
      (error: unknown) => wanted && setAnswer({ problem: sentenceOf(error) }),
    )
    return () => {
      wanted = false
    }
  }, [link])
  if (answer === null) return null
  if ('problem' in answer) return <Problem>{answer.problem}</Problem>
  const { inviterName, circleName } = answer.preview
  return (
    <p className="first-invited" role="status">
      <Ticket size={17} aria-hidden />
      {text.welcome.invited(inviterName, circleName)}
    </p>
  )
}

const isDeviceLink = (link: string | null): boolean => link?.toLowerCase().startsWith('twofold://device/') === true

function Welcome({ link }: { link: string | null }) {
  const [name, setName] = useState('')
  const [way, setWay] = useState<'name' | 'restore' | 'device'>(isDeviceLink(link) ? 'device' : 'name')
  const { busy, problem, clear, run } = useAction()
  if (way === 'restore') return <Restore name={name} onBack={() => setWay('name')} />
  if (way === 'device') return <LinkDevice link={isDeviceLink(link) ? link : null} onBack={() => setWay('name')} />
  return (
    <form
      className="first-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '') void run(() => call('identity.create', { name: name.trim() }))
      }}
    >
      <h1>{text.welcome.title}</h1>
      <p className="first-lead">{text.welcome.lead}</p>
      {link !== null && !isDeviceLink(link) && <Invited link={link} />}
      <TextField
        label={text.welcome.nameLabel}
        hint={text.welcome.nameHint}
        problem={problem}
        large
        first
        value={name}
        onChange={(event) => {
          setName(event.target.value)
          clear()
        }}
      />
      <div className="first-actions">
        <div className="first-other">
          <Button type="button" look="quiet" onClick={() => setWay('device')}>
            {text.welcome.device}
          </Button>
          <Button type="button" look="quiet" onClick={() => setWay('restore')}>
            {text.welcome.restore}
          </Button>
        </div>
        <Button type="submit" look="primary" size="large" disabled={busy || name.trim() === ''}>
          {text.welcome.create}
        </Button>
      </div>
    </form>
  )
}

interface NoCircleProps {
  name: string
  restored: boolean
  link: string | null
  onLinkDone: () => void
}

function NoCircle({ name, restored, link, onLinkDone }: NoCircleProps) {
  const [way, setWay] = useState<'create' | 'join' | null>(null)
  const { busy, problem, run } = useAction()
  const back = () => {
    onLinkDone()
    setWay(null)
  }
  if (way === 'join' || link !== null) return <Join key={link} link={link} onBack={back} />
  if (way === 'create') return <CreateCircle onBack={back} />
  const join = (
    <Choice
      icon={<Import size={22} aria-hidden />}
      title={text.circleStart.join}
      hint={text.circleStart.joinHint}
      onClick={() => setWay('join')}
    />
  )
  const create = (
    <Choice
      icon={<CircleDot size={22} aria-hidden />}
      title={text.circleStart.create}
      hint={text.circleStart.createHint}
      onClick={() => setWay('create')}
    />
  )
  return (
    <div className="first-form">
      <h1>{text.circleStart.title(name)}</h1>
      <p className="first-lead">{restored ? text.circleStart.restoredLead : text.circleStart.lead}</p>
      <div className="choices">
        {restored ? join : create}
        {restored ? create : join}
      </div>
      {problem && <Problem>{problem}</Problem>}
      <div className="first-actions first-actions-start">
        <Button look="quiet" size="small" disabled={busy} onClick={() => void run(() => call('identity.discard', {}))}>
          {text.circleStart.discard}
        </Button>
      </div>
    </div>
  )
}

function Choice({ icon, title, hint, onClick }: { icon: ReactNode; title: string; hint: string; onClick: () => void }) {
  return (
    <button type="button" className="choice" aria-label={title} onClick={onClick}>
      <span className="choice-icon">{icon}</span>
      <strong>{title}</strong>
      <span>{hint}</span>
    </button>
  )
}
