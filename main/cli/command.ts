// What a command of the command line is, what it is called with, and how it reads its flags.
import type { ProofStep } from '../../shared/types'
import type { Keys } from '../simulator/circle'
import type { Session } from './session'

export interface Io {
  out(text: string): void
  err(text: string): void
  readInput(): Promise<string>
  inputLines(): AsyncIterable<string>
  readFile(path: string): string
  writeFile(path: string, text: string): void
  /** Fulfilled on the first interrupt or end signal. */
  interrupted: Promise<void>
  now(): number
  /** Keys and primitives for a simulated circle. */
  keys: Keys
  checkProof(text: string): {
    circle: string
    circleId: string
    memberName: string
    node: { id: string; timestamp: number; device: string; seq: number }
    other: { id: string; timestamp: number } | null
    steps: ProofStep[]
  }
}
export interface Call {
  io: Io
  json: boolean
  /** Positional arguments after the command. */
  args: string[]
  flags: Readonly<Record<string, string | boolean | undefined>>
  session: Session
}
export type AloneCall = Omit<Call, 'session'>
export interface Command {
  /** Arguments as shown in the usage line. */
  usage: string
  about: string
  details?: string
  examples: string[]
  flags?: Readonly<Record<string, { type: 'string' | 'boolean'; about: string }>>
  /** Positional arguments: least and most. */
  args: [number, number]
  /** Works on the network even when nothing else runs on the folder. */
  online?: boolean
  /** What it can do without a data folder; true: that was all. */
  alone?(call: AloneCall): boolean
  run?(call: Call): Promise<void>
}

/** A wrong way to call; told with the usage line, exit code 2. */
export class UsageError extends Error {}

export const emit = ({ io, json }: AloneCall, value: unknown, text: string) =>
  io.out(json ? JSON.stringify(value) : text)
export const text = (call: AloneCall, key: string): string | undefined => {
  const value = call.flags[key]
  return typeof value === 'string' ? value : undefined
}
export const number = (call: AloneCall, key: string): number | undefined => {
  const given = text(call, key)
  if (given === undefined) return undefined
  const value = Number(given)
  if (!Number.isFinite(value) || given.trim() === '') throw new UsageError(`--${key} takes a number`)
  return value
}
export const whole = (call: AloneCall, key: string): number | undefined => {
  const value = number(call, key)
  if (value !== undefined && (!Number.isInteger(value) || value < 0))
    throw new UsageError(`--${key} takes a whole number`)
  return value
}
