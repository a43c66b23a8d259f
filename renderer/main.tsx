// Puts the app into the page, once it is known which language it speaks.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
// Before the app: a view's own style sheet may refine the shared ones.
import './theme/tokens.css'
import './theme/base.css'
import './ui/ui.css'
import { call } from './backend'
import { languageFor } from './language-choice'
// Listens before anything is asked.
import './opened-links'

async function start(): Promise<void> {
  const root = document.getElementById('root')
  if (!root) throw new Error('index.html has no #root')
  // A backend that does not answer is told by the app itself.
  const setting = await call('state.get', {}).then(
    ({ settings }) => settings.language,
    () => 'system' as const,
  )
  document.documentElement.lang = languageFor(setting, navigator.language)
  const { App } = await import('./app')
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
void start()
