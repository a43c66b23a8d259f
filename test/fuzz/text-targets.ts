// What people paste and type, what peers' texts hold, and what another program may ask for: text and JSON.
import { isAbsolute } from 'node:path'
import Database from 'better-sqlite3'
import * as v from 'valibot'
import { TwofoldError } from '../../shared/errors'
import { calls, type CallName, type Handlers } from '../../shared/ipc-contract'
import type { RenderTree } from '../../shared/types'
import { entropyFromWords, inviteSecretFromWords, splitWords, suggestWords, wordsOf } from '../../main/identity/words'
import { dispatch } from '../../main/ipc/dispatch'
import { jsonLines } from '../../main/ipc/json-lines'
import { assetFile, chosenDataDir, externalAddress, inviteLink } from '../../main/desktop/addresses'
import { parseHostPort } from '../../main/net/address'
import { questionOf, tagOf, tagPrefix } from '../../main/peer/search'
import { decodeLink, encodeLink } from '../../main/protocol/invite'
import { validName } from '../../main/protocol/kinds'
import { differences } from '../../main/render/differences'
import { facetsOf, facetsOfBlocks } from '../../main/render/facets'
import { renderMarkdown, renderPlain } from '../../main/render/markdown'
import { markTree } from '../../main/render/marks'
import { excerpt, plainText } from '../../main/render/text'
import { seedOf } from '../support/people'
import { gullible, link, linkSeed, linkTokens } from './binary-targets'
import { Finding, textOf, tokens, utf8, type Outcome, type Target } from './target'

/** Refusals are TwofoldErrors; everything else that is thrown is a bug. */
export function refusable(work: () => void): Outcome {
  try {
    work()
    return 'accepted'
  } catch (error) {
    if (error instanceof TwofoldError) return 'refused'
    throw error
  }
}
const must = (holds: boolean, what: string) => {
  if (!holds) throw new Finding(what)
}

const MARKDOWN = [
  '# A\n\n> quote\n> > deeper\n\n- one\n  - [ ] task\n- [x] done\n\n1. a\n2. b\n\n```ts\nconst a = 1\n```\n\n---\n',
  '| a | b |\n| :- | -: |\n| *x* | `y` |\n',
  '**bold** *em* ~~del~~ `code` [link](https://example.org "t") ![pic](http://example.org/a.png) <https://a.b> www.example.org',
  `hello [Ann](twofold://member/${'ab'.repeat(32)}) #tag mail@example.org twofold://join/x\nline\\\nbreak &amp; &#x202e; <b>html</b>`,
]
const MARKDOWN_TOKENS = tokens(
  ...[
    '*',
    '**',
    '_',
    '~~',
    '`',
    '```',
    '~~~',
    '[',
    ']',
    '](',
    '![',
    '<',
    '>',
    '|',
    '\n|',
    '---',
    '#',
    '- ',
    '1. ',
    '> ',
  ],
  ...[
    '\n\n',
    '    ',
    '\t',
    '\\',
    '&#x',
    '&amp;',
    'http://',
    'https://xn--',
    'mailto:',
    'javascript:',
    'twofold://member/',
  ],
  ...['@', ':', '//', '%', '#a', '- [ ] ', '```js\n', '{', '(', '))', '"', "'", '=\n', '[^1]', '<!--', ']]>'],
)

/** Trees are at most so many times as long as their text (test/render holds the exact bound), and beyond so long. */
const TREE_TIMES_MAX = 64
const TREE_MIN = 4096

function renders(text: string): Outcome {
  const bugs: unknown[] = []
  const tree: RenderTree = renderMarkdown(text, (error) => bugs.push(error))
  if (bugs.length) throw bugs[0] instanceof Error ? bugs[0] : new Finding(String(bugs[0]))
  const plain = renderPlain(text)
  if (plain) must(JSON.stringify(plain) === JSON.stringify(tree), 'the short way renders something else')
  must(JSON.stringify(tree).length <= TREE_MIN + TREE_TIMES_MAX * text.length, 'a tree much larger than its text')
  const [quick, parsed] = [facetsOf(text), facetsOfBlocks(tree.blocks)].map(({ has, ...rest }) => ({
    has: has.toSorted(),
    ...rest,
  }))
  must(JSON.stringify(quick) === JSON.stringify(parsed), 'the short way to what a text holds finds something else')
  must(Number.isFinite(tree.heightPx) && tree.heightPx >= 0, 'no height')
  markTree(tree, [text.slice(0, 3), 'a'])
  must([...excerpt(plainText(tree), 80)].length <= 90, 'an excerpt that is too long')
  return 'accepted'
}

/** Handlers that do nothing: what is fuzzed is the door. */
const handlers = Object.fromEntries(Object.keys(calls).map((name) => [name, async () => null])) as unknown as Handlers
const KEY = 'ab'.repeat(32)
/** Values of which one fits each field of the contract; a call that is added finds its own. */
const CANDIDATES: readonly unknown[] = [
  ...[
    { type: 'everyone' },
    { type: 'member', member: KEY },
    KEY,
    'ab'.repeat(16),
    link,
    'Ann',
    'auto',
    'admin',
    'markdown',
    'json',
    'save',
  ],
  ...[
    'written',
    'system',
    'dark',
    'en',
    'compact',
    0,
    1,
    true,
    [KEY],
    ['word'],
    [],
    { text: 'a', has: ['link'], from: 1 },
    {},
  ],
]
function valid(call: CallName): unknown {
  const schema = calls[call].input as v.GenericSchema & { entries?: Readonly<Record<string, v.GenericSchema>> }
  const fields = Object.entries(schema.entries ?? {}).map(([name, field]) => [
    name,
    CANDIDATES.find((value) => v.safeParse(field, value).success),
  ])
  return Object.fromEntries(fields)
}
const requests = Object.keys(calls).map((call) => utf8(JSON.stringify({ id: 1, call, input: valid(call as CallName) })))

let matching: { all(match: string | null): unknown } | undefined
/** An index as main/store makes it, empty. */
const index = () =>
  (matching ??= new Database(':memory:')
    .exec(
      `CREATE VIRTUAL TABLE found USING fts5(body, facets, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2")`,
    )
    .prepare('SELECT rowid FROM found WHERE found MATCH ?'))

export const textTargets: Target[] = [
  {
    name: 'link',
    seeds: [linkSeed],
    tokens: linkTokens,
    bytesMax: 4096,
    run(input) {
      const text = textOf(input)
      inviteLink([text])
      const decoded = decodeLink(gullible, text)
      if (!decoded.ok) return 'refused'
      // What a person pastes may have white space in it and another case in front; what it says is the same link.
      const again = decodeLink(gullible, encodeLink(gullible, decoded.link))
      must(
        again.ok && JSON.stringify(again.link) === JSON.stringify(decoded.link),
        'a link that changes when it is copied',
      )
      return 'accepted'
    },
  },
  {
    name: 'words',
    seeds: [utf8(wordsOf(seedOf('24')).join(' ')), utf8(wordsOf(seedOf('12').slice(0, 16)).join('\n'))],
    tokens: tokens('abandon', 'zoo', 'ﬁ', '1. ', '(2)', 'é', ' '),
    bytesMax: 600,
    run(input) {
      const text = textOf(input)
      must(suggestWords(text).length <= 8, 'too many suggestions')
      validName(text)
      const outcomes = [entropyFromWords, inviteSecretFromWords].map((read) =>
        refusable(() =>
          must(wordsOf(read(text)).join(' ') === splitWords(text).join(' '), 'other words than were typed'),
        ),
      )
      return outcomes.includes('accepted') ? 'accepted' : 'refused'
    },
  },
  {
    name: 'deep-link',
    seeds: tokens(
      link,
      'app://twofold/index.html',
      'app://twofold/assets/a.js?x#y',
      'https://example.org/a?b',
      'mailto:a@b.c',
      '/home/ann/.twofold',
    ),
    tokens: tokens(
      'app://twofold/',
      '..',
      '%2e%2e',
      '%2f',
      '%00',
      '\\',
      '//',
      '@',
      '--data',
      'file://',
      'javascript:',
      '?',
      '#',
    ),
    bytesMax: 9000,
    run(input) {
      const text = textOf(input)
      const file = assetFile('/app/renderer', text)
      must(file === null || file.startsWith('/app/renderer/'), 'a file out of its folder')
      const outside = externalAddress(text)
      must(outside === null || /^(https?|mailto):/.test(outside), 'an address of another kind')
      if (outside !== null) must(externalAddress(outside) === outside, 'an address that is not in its last form')
      const found = inviteLink([text, text])
      must(found === null || found === text, 'a link that nobody gave')
      const folder = refusable(() =>
        must(isAbsolute(chosenDataDir([], { TWOFOLD_USER_DATA: text }) ?? '/'), 'a relative folder'),
      )
      refusable(() => chosenDataDir([text, text], {}))
      return (file ?? outside ?? found ?? (folder === 'accepted' ? text : null)) ? 'accepted' : 'refused'
    },
  },
  {
    name: 'address',
    seeds: tokens('192.168.1.20:49737', 'name.local:1', 'a-b.c:65535'),
    tokens: tokens(':', '.', '0', '65536', '::1', '[', '%', '١'),
    bytesMax: 400,
    run(input) {
      const parsed = parseHostPort(textOf(input))
      if (!parsed.ok) return 'refused'
      must(
        JSON.stringify(parseHostPort(`${parsed.host}:${parsed.port}`)) === JSON.stringify(parsed),
        'an address that changes',
      )
      return 'accepted'
    },
  },
  {
    name: 'markdown',
    seeds: MARKDOWN.map(utf8),
    tokens: MARKDOWN_TOKENS,
    bytesMax: 8192,
    run: (input) => renders(textOf(input)),
  },
  {
    name: 'differences',
    seeds: [utf8('one two three\u0000one three four')],
    tokens: tokens('\u0000', ' ', '\n'),
    bytesMax: 2048,
    run(input) {
      const [before = '', after = ''] = textOf(input).split('\u0000')
      const parts = differences(before, after)
      const text = (not: 'added' | 'removed') =>
        parts.flatMap((part) => (part.change === not ? [] : part.text)).join('')
      must(text('removed') === after && text('added') === before, 'differences that do not make up the texts')
      return 'accepted'
    },
  },
  {
    name: 'search',
    seeds: tokens('word "a phrase" -not #tag 世界', '"open', '-"x y" a*', 'NEAR(a b) OR c:d'),
    tokens: tokens('"', '-', '#', '*', 'AND', 'OR', 'NOT', 'NEAR', '(', ')', ':', '^', '{', '世', 'é', '\u0000'),
    bytesMax: 1024,
    run(input) {
      const text = textOf(input)
      const { match } = questionOf({ text }, null, () => 1)
      tagOf(tagPrefix(text))
      // SQLite is the judge of its own expressions: it throws on what is none.
      index().all(match)
      return 'accepted'
    },
  },
  {
    name: 'ipc',
    seeds: requests,
    tokens: tokens(
      ...Object.keys(calls).map((name) => JSON.stringify(name)),
      JSON.stringify(KEY),
      '{}',
      '[]',
      '1e9',
      '"text":',
    ),
    bytesMax: 4096,
    async run(input) {
      let request: { call?: unknown; input?: unknown } | null
      try {
        request = JSON.parse(textOf(input)) as typeof request
      } catch {
        return 'refused'
      }
      const bugs: unknown[] = []
      const reply = await dispatch(handlers, request?.call, request?.input, (_during, error) => bugs.push(error))
      must(!bugs.length, String(bugs[0]))
      if (reply.ok) return 'accepted'
      must(reply.code === 'BAD_ARGUMENTS' && reply.message.length <= 400, 'another refusal than of its arguments')
      return 'refused'
    },
  },
  {
    // Two bytes say how the stream is cut; the rest is the stream.
    name: 'control',
    seeds: [...requests.slice(0, 4), utf8('{"subscribe":true}')].map((line) =>
      Uint8Array.of(3, 7, ...line, 10, ...line, 10),
    ),
    tokens: tokens('\n', '{"id":1,"call":"state.get"}', '\n\n', '\r\n'),
    bytesMax: 4096,
    run(input) {
      const stream = Buffer.from(input.subarray(2))
      const read = (pieces: readonly Buffer[]) => {
        const values: unknown[] = []
        const garbage: string[] = []
        const feed = jsonLines(
          (value) => values.push(value),
          (why) => garbage.push(why),
        )
        for (const piece of pieces) feed(piece)
        return JSON.stringify({ values, garbage })
      }
      const step = 1 + (input[0] ?? 0)
      const pieces = Array.from({ length: Math.ceil(stream.length / step) }, (_u, i) =>
        stream.subarray(i * step, (i + 1) * step),
      )
      const whole = read([stream])
      must(read(pieces) === whole, 'lines that depend on how they came')
      return whole.endsWith('"garbage":[]}') ? 'accepted' : 'refused'
    },
  },
]
