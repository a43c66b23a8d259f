// The quick way to what can be looked for in a text: most hold nothing of the kind, and most others only what can be
// recognised without parsing. It gives exactly what the tree of the text holds (test/render/facets.test.ts), some twenty
// times faster; where it cannot be certain it says so.
import type { MemberKey, TreeFacets } from '../../shared/types'
import { TAG, tagOf } from './tags'

/** Tags and people of one entry that can be searched for. */
export const EACH_MAX = 64

/** Without any of these no text holds a facet: code, links, pictures, tables, tasks, tags, people. */
const POSSIBLE = /[`[|@]|#[^\s#]|\/\/|www\.|<[a-z]|&[#a-z]|~~~|\t| {4}/i
/** What is left of them when all that is certain is taken out has to be parsed; and so has a backslash, which escapes. */
const UNCERTAIN = /[`[|@\\]|\/\/|www\.|<[a-z]|&[#a-z]|~~~|\t| {4}/i
const TAG_LIKE = /#[^\s#]/g

/** As many cells above as in the line that makes it a table, at a place where nothing goes on; and all up to an empty line. */
const TABLE = /(?<=^|\n\n)\|((?:[^\n|]+\|)+)\n\|((?: *:?-+:? *\|)+)(?:\n[^\n]+)*(?![^\n])/g
/** Beside its bars, none of it may hold anything of the kind: cells that are too many are dropped. */
const IN_CELLS = /[`[@\\]|#[^\s#]|\/\/|www\.|<[a-z]|&[#a-z]|~~~|\t| {4}/i
// A line begins and ends at \n alone: `^` and `$` would take what is no line break in markdown.
/** From a line's very start to a closing line or the end: nothing that comes before or after changes what it is. */
const FENCE = /(?<![^\n])```[\w+#.-]*\n(?:(?:[^`]*\n)?```(?![^\n])|[^`]*$)/g
/** Backticks that are not in pairs on one line, each alone. */
const ODD_TICKS = /``|(?<![^\n])[^`\n]*`(?:[^`\n]*`[^`\n]*`)*[^`\n]*(?![^\n])/
const CODE = /`[^`\n]+`/g
const MENTION = /(?<!!)\[@[\p{L}\p{N} .'-]{0,64}[\p{L}\p{N}]\]\(twofold:\/\/member\/([0-9a-f]{64})\)/gu
/** At a line's very start, so that it is the first of its item. */
const TASK = /(?<![^\n])[-*+] \[[ xX]\] +(?=\S)/g
/** Makes a heading of the line above. */
const UNDERLINE = /^ *(?:=+|-+) *$/m
/** A plain name of a host, of a length that any host may have, and a plain path; then the end of a word. */
const LINK =
  /(?<![^\s(])https?:\/\/(?!\S*--)(?=[a-z0-9.-]{4,60}(?![a-z0-9.-]))(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}(?:\/[a-z0-9/.-]{0,500}(?:\?[a-z0-9=.,&-]{0,200})?(?:#[a-z0-9]+)?)?(?=[.,!?;:)]*(?:\s|$))/g
/** Stands where something was taken out: nothing before which a tag could begin. */
const OUT = '\0'

/** Null: it has to be parsed. */
export function quickFacets(text: string): TreeFacets | null {
  if (!POSSIBLE.test(text)) return { has: [], tags: [], members: [] }
  // The parser takes it for the end of a line.
  if (text.includes('\r')) return null
  const has = new Set<TreeFacets['has'][number]>()
  const members = new Set<MemberKey>()
  let rest = text
  const take = (what: RegExp, found: TreeFacets['has'][number], left: string) => {
    rest = rest.replace(what, () => {
      has.add(found)
      return left
    })
  }
  if (rest.includes('`')) {
    take(FENCE, 'code', '')
  }
  if (rest.includes('|'))
    rest = rest.replace(TABLE, (table, head: string, line: string) => {
      if (head.split('|').length !== line.split('|').length || IN_CELLS.test(table)) return table
      has.add('table')
      return ''
    })
  if (rest.includes('`')) {
    if (ODD_TICKS.test(rest)) return null
    take(CODE, 'code', OUT)
  }
  if (rest.includes('[')) {
    rest = rest.replace(MENTION, (_whole, member: MemberKey) => {
      members.add(member)
      return OUT
    })
    if (!UNDERLINE.test(rest)) take(TASK, 'task', '- ')
  }
  if (rest.includes('//')) take(LINK, 'link', OUT)
  if (UNCERTAIN.test(rest)) return null
  const tags = new Set<string>()
  const like = rest.match(TAG_LIKE)?.length ?? 0
  if (like) {
    const found = [...rest.matchAll(TAG)]
    // An underscore may be a tag's own or end what is stressed.
    if (found.length !== like || found.some(([tag]) => tag.includes('_'))) return null
    for (const one of found) tags.add(tagOf(one))
  }
  if (tags.size > EACH_MAX || members.size > EACH_MAX) return null
  return { has: [...has], tags: [...tags], members: [...members] }
}
