// Decides which screen is shown: opening, first run, or the circle; and follows the theme and density of the settings.
import { CSPProvider } from '@base-ui/react/csp-provider'
import { Tooltip } from '@base-ui/react/tooltip'
import { CloudOff, TriangleAlert } from 'lucide-react'
import { Component, lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import type { Settings } from '../shared/types'
import { sentenceOf } from './backend'
import { followLinks } from './opened-links'
import { ShellView } from './shell'
import { AppStateContext, askForState, useStateFeed } from './state'
import { followLanguage } from './language'
import { locale, text } from './text'
import { Button } from './ui/button'
import { Empty } from './ui/empty'
import { Mark } from './ui/mark'
import { ToastProvider } from './ui/toast'

// Read when it is needed: once in the life of a device.
const Onboarding = lazy(async () => ({ default: (await import('./onboarding/onboarding')).Onboarding }))

export function App() {
  return (
    <CSPProvider disableStyleElements>
      <Tooltip.Provider delay={450} closeDelay={60}>
        <ToastProvider>
          <Fault>
            <Screen />
          </Fault>
        </ToastProvider>
      </Tooltip.Provider>
    </CSPProvider>
  )
}

function Screen() {
  const { state, error } = useStateFeed()
  const [link, setLink] = useState<string | null>(null)
  useEffect(() => followLinks(setLink), [])
  useLook(state?.settings)
  if (!state) {
    return (
      <main className="opening-screen">
        {error === undefined ? (
          <>
            <Mark sizePx={56} />
            <p role="status">{text.app.opening}</p>
          </>
        ) : (
          <Empty icon={CloudOff} tone="bad" title={text.app.failed} hint={sentenceOf(error)}>
            <Button onClick={() => void askForState()}>{text.app.tryAgain}</Button>
          </Empty>
        )}
      </main>
    )
  }
  const { phase } = state.phase
  return (
    <AppStateContext value={state}>
      {phase === 'circle' || phase === 'removed' ? (
        <ShellView link={link} onLinkDone={() => setLink(null)} />
      ) : (
        <Suspense>
          <Onboarding phase={state.phase} link={link} onLinkDone={() => setLink(null)} />
        </Suspense>
      )}
    </AppStateContext>
  )
}

/** The document carries theme, density and language, so that style sheets alone decide what follows. */
function useLook(settings: Settings | undefined): void {
  const theme = settings?.theme ?? 'system'
  const density = settings?.density ?? 'comfortable'
  useEffect(() => {
    const { dataset } = document.documentElement
    document.documentElement.lang = locale
    if (settings) followLanguage(settings.language)
    if (theme === 'system') delete dataset['theme']
    else dataset['theme'] = theme
    dataset['density'] = density
  }, [theme, density, settings])
}

/** A fault in one view must not leave an empty window. */
class Fault extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }
  static getDerivedStateFromError() {
    return { failed: true }
  }
  override render() {
    if (!this.state.failed) return this.props.children
    return (
      <main className="opening-screen">
        <Empty icon={TriangleAlert} tone="bad" title={text.app.crash} hint={text.app.crashHint}>
          <Button look="primary" onClick={() => globalThis.location.reload()}>
            {text.app.reload}
          </Button>
        </Empty>
      </main>
    )
  }
}
