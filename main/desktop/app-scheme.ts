// app://twofold: the window's own files, and nothing else, under a policy that lets no foreign script, style or request in.
// A file:// page would share its origin with every file of the disk; a scheme of our own has one.
import { protocol } from 'electron'
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { assetFile } from './addresses'

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.map': 'application/json',
}

/** Must run before the app is ready. */
export function registerAppScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true }
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges }])
}

/** Must run once the app is ready. `root`: the folder of the built window; `served`: a file of it has been handed over. */
export function serveApp(root: string, served: (file: string) => void): void {
  // Not protocol.handle: that answers with fetch's Response, and what Node has to read for it (its HTTP client, http2, tls)
  // costs 50 ms of every start. The files are read at once: they are small, and the window waits for them.
  protocol.registerBufferProtocol('app', (request, answer) => {
    const file = request.method === 'GET' ? assetFile(root, request.url) : null
    if (file === null) return answer({ statusCode: 403, data: Buffer.from('forbidden') })
    let data: Buffer
    try {
      data = readFileSync(file)
    } catch {
      return answer({ statusCode: 404, data: Buffer.from('not found') })
    }
    answer({
      data,
      headers: {
        'content-type': CONTENT_TYPES[extname(file)] ?? 'application/octet-stream',
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    })
    served(file)
  })
}
