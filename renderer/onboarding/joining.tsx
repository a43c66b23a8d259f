// Decides what is said while joining: which step it is, with whom, for how long, and why nothing moves when nothing does.
import { Check } from 'lucide-react'
import type { AppPhase, InvitePreview, JoinState } from '../../shared/types'
import { call } from '../backend'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Digits } from '../ui/digits'
import { Problem } from '../ui/field'
import { useNow } from '../ui/now'
import { elapsed } from '../ui/time'

const SECOND_MS = 1_000
const order = { searching: 0, confirm: 1, asking: 1, linking: 1, 'waiting-for-approval': 1, 'syncing-list': 2 } as const

function wordsFor(state: JoinState, preview: InvitePreview): { title: string; hints: string[] } {
  switch (state.step) {
    case 'searching':
      return {
        title: text.joining.searching,
        hints: [
          text.joining.lanPeers(state.lanPeersSeen),
          text.joining.internet(state.internet),
          text.joining.detail(state.detail, preview.inviterName),
        ].filter((hint) => hint !== ''),
      }
    case 'confirm':
      return { title: text.joining.confirm(state.inviterName, state.circleName), hints: [text.joining.confirmHint] }
    case 'asking':
      return { title: text.joining.asking(state.with), hints: [] }
    case 'linking':
      return state.code === null
        ? { title: text.joining.linking, hints: [] }
        : { title: text.joining.compare, hints: [text.joining.compareHint] }
    case 'waiting-for-approval':
      return { title: text.joining.waiting(state.by), hints: [text.joining.waitingHint(state.circleName)] }
    case 'syncing-list':
      return { title: text.joining.syncing, hints: [text.joining.syncingHint] }
  }
}

function titleOf({ circleName, forDevice }: InvitePreview): string {
  if (circleName === null) return text.joining.titleUnknown
  return forDevice ? text.joining.deviceTitle(circleName) : text.joining.title(circleName)
}

export function Joining({ phase }: { phase: Extract<AppPhase, { phase: 'joining' }> }) {
  const { state, preview } = phase
  const now = useNow(SECOND_MS)
  const { busy, problem, run } = useAction()
  const at = order[state.step]
  const words = wordsFor(state, preview)
  const steps = preview.forDevice ? text.joining.deviceSteps : text.joining.steps
  return (
    <div className="first-form">
      <h1>{titleOf(preview)}</h1>
      <ol className="joining">
        {steps.map((name, index) => (
          <li
            key={name}
            data-state={index < at ? 'done' : index === at ? 'now' : 'next'}
            aria-current={index === at ? 'step' : undefined}
          >
            <span className="joining-sign" aria-hidden>
              {index < at ? (
                <Check size={14} strokeWidth={3} />
              ) : index === at && state.step !== 'confirm' ? (
                <span className="spinner" />
              ) : (
                index + 1
              )}
            </span>
            <div role={index === at ? 'status' : undefined}>
              <strong>{index === at ? words.title : name}</strong>
              {index === at && state.step === 'linking' && state.code !== null && <Digits code={state.code} />}
              {index === at && words.hints.map((hint) => <p key={hint}>{hint}</p>)}
            </div>
            {index === at && state.step === 'searching' && (
              <time className="joining-time">{elapsed(now - state.sinceMs)}</time>
            )}
          </li>
        ))}
      </ol>
      {problem && <Problem>{problem}</Problem>}
      <div className="first-actions">
        <Button size="large" disabled={busy} onClick={() => void run(() => call('circle.joinCancel', {}))}>
          {text.joining.cancel}
        </Button>
        {state.step === 'confirm' && (
          <Button
            look="primary"
            size="large"
            disabled={busy}
            onClick={() => void run(() => call('circle.joinConfirm', {}))}
          >
            {text.join.accept}
          </Button>
        )}
      </div>
    </div>
  )
}
