// The part of the contract about what lies on the disk: space, checks, exports, backups, the second copy.
import * as v from 'valibot'
import { call, type Call } from './call'
import type { JobView, StorageView } from './storage-types'

const PATH_CHARS_MAX = 4096
const NAME_CHARS_MAX = 300
const WORDS_CHARS_MAX = 1000

const path = v.pipe(v.string(), v.minLength(1), v.maxLength(PATH_CHARS_MAX))
const fileName = v.pipe(v.string(), v.minLength(1), v.maxLength(NAME_CHARS_MAX))
const nothing = v.optional(v.strictObject({}), {})
/** `replace`: a file of that name may go. Paths are absolute. */
const target = { path, replace: v.optional(v.boolean(), false) }

export const storageCalls = {
  'storage.get': call(nothing).returns<StorageView>(),
  /** What was set going last; null: nothing was. */
  'storage.job': call(nothing).returns<JobView | null>(),
  /** These begin work and answer at once; `storage.job` tells how it goes. One at a time (JOB_RUNNING). */
  'storage.check': call(nothing).returns<JobView>(),
  'storage.compact': call(nothing).returns<JobView>(),
  'storage.export': call(
    v.strictObject({ form: v.picklist(['json', 'html', 'archive']), ...target }),
  ).returns<JobView>(),
  'storage.backup': call(v.strictObject(target)).returns<JobView>(),
  'storage.import': call(v.strictObject({ path })).returns<JobView>(),
  'storage.cancel': call(nothing).returns<null>(),
  /** Deletes a file that was set aside. */
  'storage.forget': call(v.strictObject({ file: fileName })).returns<null>(),
  /** Where a second copy of own timelines is kept; null: nowhere any more. */
  'mirror.set': call(v.strictObject({ folder: v.nullable(path) })).returns<null>(),
  'mirror.check': call(nothing).returns<JobView>(),
  /** In an empty folder: back from a backup, as a new device. `name`: another than the one in it. */
  'backup.restore': call(
    v.strictObject({
      path,
      words: v.pipe(v.string(), v.maxLength(WORDS_CHARS_MAX)),
      name: v.optional(v.pipe(v.string(), v.maxLength(256))),
    }),
  ).returns<null>(),
  /** Asks the person at the window for a file or folder; null: none was chosen. */
  'file.choose': call(
    v.strictObject({ what: v.picklist(['save', 'open', 'folder']), suggested: v.optional(fileName) }),
  ).returns<{ path: string | null }>(),
  /** Shows the data folder, or a file in it, in the system's own window. */
  'folder.show': call(v.strictObject({ file: v.optional(fileName) })).returns<null>(),
} as const satisfies Readonly<Record<string, Call<v.GenericSchema, unknown>>>
