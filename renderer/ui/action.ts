// Decides how a press that asks the backend behaves: once at a time, its refusal kept for the place that asked.
import { useCallback, useState } from 'react'
import { sentenceOf } from '../backend'

interface Action {
  busy: boolean
  problem: string | null
  clear: () => void
  /** True when it went through. */
  run: (work: () => Promise<unknown>) => Promise<boolean>
}

export function useAction(): Action {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setBusy(true)
    setProblem(null)
    try {
      await work()
      return true
    } catch (error) {
      setProblem(sentenceOf(error))
      return false
    } finally {
      setBusy(false)
    }
  }, [])
  const clear = useCallback(() => setProblem(null), [])
  return { busy, problem, clear, run }
}
