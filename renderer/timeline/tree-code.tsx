// Decides how code looks: the backend has named its parts, this gives each a class.
import { useMemo, type ReactNode } from 'react'
import type { CodeSpan } from '../../shared/types'

export function Code({ code, spans }: { code: string; spans?: readonly CodeSpan[] | undefined }) {
  const parts = useMemo(() => {
    if (!spans) return code
    const out: ReactNode[] = []
    let at = 0
    for (const [token, length] of spans) {
      const part = code.slice(at, at + length)
      out.push(
        token === 'plain' ? (
          part
        ) : (
          <span key={at} className={`code-${token}`}>
            {part}
          </span>
        ),
      )
      at += length
    }
    return out
  }, [code, spans])
  return <code>{parts}</code>
}
