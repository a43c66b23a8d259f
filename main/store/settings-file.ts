// What a person chose for this folder, with a version. Unreadable settings are set aside and the standard ones used.
import * as v from 'valibot'
import { jsonOrNull } from './circle-file'
import type { TextFiles } from './files'

const FILE = 'settings.json'
const VERSION = 1

const schema = v.strictObject({
  version: v.literal(VERSION),
  theme: v.picklist(['system', 'light', 'dark']),
  density: v.picklist(['comfortable', 'compact']),
  language: v.picklist(['system', 'en', 'de']),
  lan: v.boolean(),
  internet: v.boolean(),
  /** host:port, tried for every member without a link. */
  manualAddresses: v.array(v.string()),
  /** UDP port of the last run, tried first, so that addresses given by hand stay true. 0: none yet. */
  port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
  /** KiB a second that may be sent in all, and to one peer. 0: no cap. */
  capKiB: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_048_576)),
  capPeerKiB: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_048_576)),
  /** Folder of a second copy of own timelines. Files of earlier versions do not have it. */
  mirror: v.optional(v.nullable(v.string()), null),
})
export type SettingsFile = Omit<v.InferOutput<typeof schema>, 'version'>

const STANDARD: SettingsFile = {
  theme: 'system',
  density: 'comfortable',
  language: 'system',
  lan: true,
  internet: true,
  manualAddresses: [],
  port: 0,
  capKiB: 0,
  capPeerKiB: 0,
  mirror: null,
}

/** `setAside`: the name that an unreadable file was kept under. */
export function readSettings(files: TextFiles, now: number): { settings: SettingsFile; setAside: string | null } {
  const text = files.read(FILE)
  if (text === null) return { settings: STANDARD, setAside: null }
  const parsed = v.safeParse(schema, jsonOrNull(text))
  if (!parsed.success) return { settings: STANDARD, setAside: files.setAside(FILE, now) }
  const { version: _version, ...settings } = parsed.output
  return { settings, setAside: null }
}

export const writeSettings = (files: TextFiles, settings: SettingsFile): void =>
  files.write(FILE, `${JSON.stringify({ version: VERSION, ...settings }, null, 2)}\n`)
