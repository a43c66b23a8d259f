// Puts the app into the page.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
// Before the app: a view's own style sheet may refine the shared ones.
import './theme/tokens.css'
import './theme/base.css'
import './ui/ui.css'
import { App } from './app'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
