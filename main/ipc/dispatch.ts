// One call in, one reply out: parse with the contract's schema, run the handler, turn a refusal into its code. Both
// transports (Electron's IPC in main/desktop, the local socket in control-server.ts) answer through this function, so a
// window and a command line cannot be treated differently. A stack never leaves this process: it goes to the log only.
import * as v from 'valibot'
import {
  calls,
  isCall,
  type CallName,
  type Handlers,
  type Parsed,
  type PushedEvent,
  type Reply,
  type Result,
  type TextHandlers,
  type TextName,
} from '../../shared/ipc-contract'
import { sentence, TwofoldError } from '../../shared/errors'

/** A running backend, as both transports see it. */
export interface Backend {
  handlers: Handlers
  /** The same answers as JSON, for calls whose values are made as such. */
  texts?: Partial<TextHandlers>
  /** Returns the function that ends the subscription. */
  subscribe(listener: (pushed: PushedEvent) => void): () => void
  close(): Promise<void>
}

/** Where what nobody expected goes; `during` names the call. */
export type Report = (during: string, error: unknown) => void

/** Characters of a schema's complaint that are worth showing. */
const COMPLAINT_CHARS_MAX = 300

/** Never rejects. `name` and `input` come from outside and can be anything. */
export async function dispatch(
  handlers: Handlers,
  name: unknown,
  input: unknown,
  report: Report,
): Promise<Reply<unknown>> {
  if (typeof name !== 'string' || !isCall(name)) return badArguments('There is no such call.')
  try {
    return await run(handlers, name, input)
  } catch (error) {
    return refusal(error, name, report)
  }
}

/** The reply as JSON: what a window gets. Never rejects. */
export async function dispatchText(
  { handlers, texts = {} }: { handlers: Handlers; texts?: Partial<TextHandlers> | undefined },
  name: unknown,
  input: unknown,
  report: Report,
): Promise<string> {
  if (typeof name !== 'string' || !isText(texts, name))
    return JSON.stringify(await dispatch(handlers, name, input, report))
  try {
    const parsed = v.safeParse(calls[name].input, input)
    if (!parsed.success) return JSON.stringify(badArguments(complaint(parsed.issues)))
    // As in `run`: the schema of a name is what its handler's input is inferred from.
    const answer = texts[name] as (input: unknown) => string
    return `{"ok":true,"value":${answer(parsed.output)}}`
  } catch (error) {
    return JSON.stringify(refusal(error, name, report))
  }
}
const isText = (texts: Partial<TextHandlers>, name: string): name is TextName =>
  Object.hasOwn(texts, name) && isCall(name)

/** A reply for what was thrown: a TwofoldError's own code, INTERNAL for anything else. */
export function refusal(error: unknown, during: string, report: Report): Reply<never> {
  if (error instanceof TwofoldError) return { ok: false, code: error.code, message: error.message }
  report(during, error)
  return { ok: false, code: 'INTERNAL', message: sentence('INTERNAL') }
}

export function badArguments(detail: string): Reply<never> {
  return { ok: false, code: 'BAD_ARGUMENTS', message: sentence('BAD_ARGUMENTS', { detail }) }
}

async function run<K extends CallName>(handlers: Handlers, name: K, input: unknown): Promise<Reply<Result<K>>> {
  const parsed = v.safeParse(calls[name].input, input)
  if (!parsed.success) return badArguments(complaint(parsed.issues))
  // The schema of K is what Parsed<K> is inferred from; TypeScript loses that through the index.
  return { ok: true, value: await handlers[name](parsed.output as Parsed<K>) }
}

function complaint(issues: readonly v.BaseIssue<unknown>[]): string {
  const lines = issues.map((issue) => [v.getDotPath(issue), issue.message].filter(Boolean).join(': '))
  return lines.join('; ').slice(0, COMPLAINT_CHARS_MAX)
}
