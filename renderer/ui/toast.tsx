// Decides how the window says that something was done or refused, when there is no better place beside it.
import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { sentenceOf } from '../backend'
import { text } from '../text'

const SHOWN_MS = 5_000
const SHOWN_ERROR_MS = 10_000
const toasts = Toast.createToastManager()

export const tell = (message: string) => {
  toasts.add({ description: message, timeout: SHOWN_MS })
}
export const tellError = (error: unknown) => {
  toasts.add({ description: sentenceOf(error), type: 'error', priority: 'high', timeout: SHOWN_ERROR_MS })
}

function Toasts() {
  const shown = Toast.useToastManager().toasts
  return shown.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" swipeDirection="right">
      <Toast.Description />
      <Toast.Close className="icon-button" aria-label={text.action.dismiss}>
        <X size={14} aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ))
}

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={toasts} limit={3}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <Toasts />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}
