// Puts the app into the page.
// Before the app: what the backend is asked for while the rest is still being read; and the shared style sheets, which those
// of a view refine.
import { firstAnswers } from './early'
import './theme/tokens.css'
import './theme/base.css'
import './ui/ui.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app'

/** Longer than an ordinary start takes to bring the first rows; then it is said that something is being opened. */
const FIRST_ROWS_MS = 250

function draw(): void {
  const root = document.getElementById('root')
  if (!root) throw new Error('index.html has no #root')
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
// Drawn once and whole where it can be: each drawing lays the window out anew.
void Promise.race([firstAnswers, new Promise((resolve) => setTimeout(resolve, FIRST_ROWS_MS))]).then(draw)
