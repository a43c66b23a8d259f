// From the text of an entry to the tree that every screen paints (docs/protocol.md, "Rendering"): CommonMark with GFM's
// tables, strikethrough, bare addresses and task lists; #tags and links to members are inlines of their own; a line break is
// a line break, as people expect in a chat; HTML is text. markdown-it parses; this file turns its tokens into the closed vocabulary of shared/types and bounds the result.
// Nothing here trusts the text: it was signed by a member, not written by a careful one.
import MarkdownIt from 'markdown-it'
import type { StateBlock, StateCore, Token } from 'markdown-it'
import type { Block, Inline, ListItem, MemberKey, RenderTree } from '../../shared/types'
import { CODE_CHARS_MAX, codeSpans } from './code'
import { heightPx } from './height'
import { autoLabel, LINK_CHARS_MAX, placeNote, vetLink, type VettedLink } from './links'
import { plainBlocks } from './plain'
import { pushTagged, pushText } from './tags'
import { blocksText, cleanText, excerpt, inlineText, isBlank } from './text'

/** Raised with every change of what comes out, so that kept trees are made again. */
export const RENDER_VERSION = 2

/** Longer texts cannot be entries (64 KiB a node); they are shown as plain text. */
const MARKDOWN_CHARS_MAX = 65_536
/** Quotes count 1, lists 2. Deeper markup is shown as text: more would be unreadable and costs time per line. */
const BLOCK_LEVELS_MAX = 12
/** Emphasis within emphasis; deeper emphasis is dropped, its text stays. */
const INLINE_DEPTH_MAX = 8
/** markdown-it gives up silently at this level, so it has to lie above what BLOCK_LEVELS_MAX lets through (+ 2). */
const PARSER_NESTING_MAX = 20
const TITLE_CHARS_MAX = 200
/**
 * One reference definition can be used thousands of times: all link targets and titles of a tree together hold at most
 * this many characters for each of the text (percent-encoding makes 9 of one), and what comes after becomes text.
 */
const LINK_CHARS_PER_CHAR = 10
const LINK_CHARS_FREE = 1000

const md = new MarkdownIt({
  html: false,
  linkify: true,
  breaks: true,
  typographer: false,
  maxNesting: PARSER_NESTING_MAX,
})
// Targets are vetted by vetLink when the tree is built; until then they stay as written.
md.validateLink = () => true
md.normalizeLink = (url) => url
md.normalizeLinkText = (url) => url
md.linkify.set({ maxLength: LINK_CHARS_MAX, fuzzyLink: false, fuzzyEmail: true, urlAuth: false })
md.linkify.add('ftp:', null)
md.linkify.add('//', null)
md.linkify.add('www.', {
  // A name with at least one more dot, then what an http address may hold: the validator starts at '//'.
  validate: (text, pos, self) => {
    const rest = `//www.${text.slice(pos)}`
    const http = self.re.get_http_validator()
    http.lastIndex = 0
    const length = http.exec(rest)?.[0].length ?? 0
    return length > 6 && /^[^/?#]*\.[^/?#]/.test(rest.slice(6, length)) ? length - 6 : 0
  },
  normalize: (match) => {
    match.url = `http://${match.url}`
  },
})
md.linkify.add('twofold:', {
  validate: (text, pos) => {
    const address = /^\/\/[\w\-.~:/?#@!$&'()*+,;=%]+/.exec(text.slice(pos))?.[0] ?? ''
    // Punctuation at the end belongs to the sentence.
    let end = address.length
    while (end > 2 && '.,:;!?\'")*'.includes(address[end - 1] ?? '')) end--
    return end > 2 ? end : 0
  },
})
md.block.ruler.before('table', 'too deep', deepAsText)
md.core.ruler.after('block', 'tasks', markTasks)

/** Takes the lines up to the next empty one as a paragraph, whatever markup they hold, once quotes and lists are too deep. */
function deepAsText(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  if (state.level < BLOCK_LEVELS_MAX) return false
  if (silent) return true
  let end = startLine + 1
  // A negative count marks a line that a quote took as its paragraph's continuation.
  const inside = (line: number) => (state.sCount[line] ?? 0) < 0 || (state.sCount[line] ?? 0) >= state.blkIndent
  while (end < endLine && !state.isEmpty(end) && inside(end)) end++
  state.line = end
  state.push('paragraph_open', 'p', 1)
  const token = state.push('inline', '', 0)
  token.content = state.getLines(startLine, end, state.blkIndent, false).trim()
  token.children = []
  state.push('paragraph_close', 'p', -1)
  return true
}

/** GFM task items: `[ ]` or `[x]` and white space at the start of an item's first paragraph. */
function markTasks(state: StateCore): void {
  state.tokens.forEach((token, i) => {
    if (token.type !== 'list_item_open' || state.tokens[i + 1]?.type !== 'paragraph_open') return
    const inline = state.tokens[i + 2]
    const box = /^\[([ xX])\]\s+(?=\S)/.exec(inline?.content ?? '')
    if (!inline || !box) return
    token.meta = { done: box[1] !== ' ' }
    inline.content = inline.content.slice(box[0].length)
  })
}

/**
 * The tree of an entry's text. Never throws: should the parser fail, the text is shown as it is and `onBug` is told.
 * Size of the tree and time are linear in the text.
 */
export function renderMarkdown(text: string, onBug: (error: unknown) => void = () => undefined): RenderTree {
  return tree(blocksOf(text, CODE_CHARS_MAX, onBug))
}

/** The blocks of a text, in which code has no colours: for whoever looks at what they hold. */
export const uncolouredBlocks = (text: string): Block[] => blocksOf(text, 0)

/** The first words of an entry's text, as words and not as markup, on one line of at most `charsMax` UTF-16 units. */
export function firstWords(text: string, charsMax: number): string {
  // Markup seldom takes two thirds of a text.
  const head = text.slice(0, charsMax * 3)
  // Nobody sees the colours of code in it.
  return excerpt(blocksText(blocksOf(head, 0)), charsMax)
}

/** `codeChars`: how much code is coloured. */
function blocksOf(text: string, codeChars: number, onBug: (error: unknown) => void = () => undefined): Block[] {
  const plain = plainBlocks(text)
  if (plain) return plain
  if (text.length <= MARKDOWN_CHARS_MAX) {
    try {
      return new Builder(text, codeChars).blocks
    } catch (error) {
      onBug(error)
    }
  }
  return asTyped(text)
}

/** The tree of a text without any markup, at once; null: it has to be parsed. */
export function renderPlain(text: string): RenderTree | null {
  const blocks = plainBlocks(text)
  return blocks && tree(blocks)
}

const tree = (blocks: Block[]): RenderTree => ({ version: RENDER_VERSION, blocks, heightPx: heightPx(blocks) })

function asTyped(text: string): Block[] {
  const children: Inline[] = []
  for (const line of text.split('\n')) {
    if (children.length > 0) children.push({ t: 'break' })
    if (line !== '') children.push({ t: 'text', text: cleanText(line) })
  }
  return [{ t: 'paragraph', children }]
}

/** How the composer writes a member into a text: an ordinary link, so that any other reader of markdown shows the name. */
const MENTION = /^twofold:\/\/member\/([0-9a-f]{64})$/
const OPEN_CLOSE = new Set(['em', 'strong', 's', 'link'])

/** Walks the token stream once. Recursion is as deep as blocks are nested: BLOCK_LEVELS_MAX. */
class Builder {
  readonly blocks: Block[]
  private readonly tokens: Token[]
  private at = 0
  private linkChars: number

  constructor(
    text: string,
    private codeChars: number,
  ) {
    this.linkChars = text.length * LINK_CHARS_PER_CHAR + LINK_CHARS_FREE
    this.tokens = md.parse(text, {})
    this.blocks = this.readBlocks()
  }

  /** Blocks up to the token that closes their parent, which is taken as well, or to the end. */
  private readBlocks(): Block[] {
    const blocks: Block[] = []
    for (;;) {
      const token = this.tokens[this.at++]
      if (!token || token.nesting === -1) return blocks
      const block = this.readBlock(token)
      if (block) blocks.push(block)
    }
  }

  private readBlock(token: Token): Block | null {
    switch (token.type) {
      case 'paragraph_open': {
        const children = this.readInlineUntilClose()
        return children.length === 0 ? null : { t: 'paragraph', children }
      }
      case 'heading_open': {
        const level = headingLevel(token.tag)
        return { t: 'heading', level, children: this.readInlineUntilClose() }
      }
      case 'code_block':
      case 'fence':
        return this.code(language(token.info), cleanText(token.content.replace(/\n$/, '')))
      case 'blockquote_open':
        return { t: 'quote', children: this.readBlocks() }
      case 'bullet_list_open':
        return { t: 'list', ordered: false, start: 1, items: this.readItems() }
      case 'ordered_list_open':
        return { t: 'list', ordered: true, start: Number(token.attrGet('start') ?? 1), items: this.readItems() }
      case 'table_open':
        return this.readTable()
      case 'hr':
        return { t: 'rule' }
      default:
        throw new Error(`unexpected block token ${token.type}`)
    }
  }

  private code(of: string, text: string): Block {
    const spans = text.length <= this.codeChars ? codeSpans(of, text) : null
    if (spans) this.codeChars -= text.length
    return { t: 'code', language: of, text, ...(spans && { spans }) }
  }

  private readItems(): ListItem[] {
    const items: ListItem[] = []
    for (;;) {
      const token = this.tokens[this.at++]
      if (token?.type !== 'list_item_open') return items
      const done = token.meta?.['done']
      const children = this.readBlocks()
      items.push(typeof done === 'boolean' ? { done, children } : { children })
    }
  }

  private readTable(): Block {
    const align: ('left' | 'center' | 'right' | null)[] = []
    const rows: Inline[][][] = []
    for (;;) {
      const token = this.tokens[this.at++]
      if (!token || token.type === 'table_close') break
      if (token.type === 'tr_open') rows.push([])
      if (token.type === 'th_open' || token.type === 'td_open') {
        if (token.type === 'th_open') align.push(alignment(token))
        rows.at(-1)?.push(this.readInlineUntilClose())
      }
    }
    return { t: 'table', align, head: rows[0] ?? [], rows: rows.slice(1) }
  }

  /** The one inline token of a paragraph, heading or cell, and the token that closes it. */
  private readInlineUntilClose(): Inline[] {
    const token = this.tokens[this.at]
    if (token?.type !== 'inline') throw new Error('a block without its inline token')
    this.at += 2
    return this.inlines(token.children ?? [])
  }

  /** Iterative, since emphasis can be nested without a limit. */
  private inlines(tokens: readonly Token[]): Inline[] {
    interface Frame {
      out: Inline[]
      /** Undone on close: a vetted link whose label is being read. */
      link?: { node: Extract<Inline, { t: 'link' }>; vetted: VettedLink; auto: boolean }
      depth: number
      inLink: boolean
    }
    const stack: Frame[] = [{ out: [], depth: 0, inLink: false }]
    const top = () => stack.at(-1) ?? fail('an inline token closes what was never opened')
    for (const token of tokens) {
      const frame = top()
      const kind = token.type.replace(/_(open|close)$/, '')
      if (token.nesting === 1 && OPEN_CLOSE.has(kind)) {
        if (kind === 'link') {
          const opened = frame.inLink ? null : this.openLink(token)
          if (opened) frame.out.push(opened.node)
          const out = opened ? opened.node.children : frame.out
          stack.push({
            out,
            depth: frame.depth,
            inLink: frame.inLink || opened !== null,
            ...(opened && { link: opened }),
          })
        } else {
          const node: Inline = { t: kind === 's' ? 'del' : kind === 'em' ? 'em' : 'strong', children: [] }
          const kept = frame.depth < INLINE_DEPTH_MAX
          if (kept) frame.out.push(node)
          stack.push({ out: kept ? node.children : frame.out, depth: frame.depth + 1, inLink: frame.inLink })
        }
        continue
      }
      if (token.nesting === -1 && OPEN_CLOSE.has(kind)) {
        stack.pop()
        if (frame.link) closeLink(frame.link, top().out)
        continue
      }
      switch (token.type) {
        case 'text':
          if (frame.inLink) pushText(frame.out, token.content)
          else pushTagged(frame.out, token.content)
          break
        case 'text_special':
        case 'html_inline':
          pushText(frame.out, token.content)
          break
        case 'code_inline':
          frame.out.push({ t: 'code', text: cleanText(token.content) })
          break
        case 'softbreak':
        case 'hardbreak':
          frame.out.push({ t: 'break' })
          break
        case 'image':
          this.pushImage(frame.out, token, frame.inLink)
          break
        default:
          throw new Error(`unexpected inline token ${token.type}`)
      }
    }
    return (stack[0] ?? fail('no root')).out
  }

  private openLink(token: Token) {
    const vetted = this.vet(String(token.attrGet('href') ?? ''))
    if (!vetted) return null
    const title = cleanText(String(token.attrGet('title') ?? '')).slice(0, TITLE_CHARS_MAX)
    this.linkChars -= title.length
    const node: Extract<Inline, { t: 'link' }> = { t: 'link', href: vetted.href, ...(title && { title }), children: [] }
    return { node, vetted, auto: token.info === 'auto' }
  }

  /** A picture elsewhere is never loaded: its description, as a link. Within a link it is only its description. */
  private pushImage(out: Inline[], token: Token, inLink: boolean): void {
    const alt = cleanText(inlineText(this.inlines(token.children ?? [])).replaceAll('\n', ' '))
    const vetted = inLink ? null : this.vet(String(token.attrGet('src') ?? ''))
    if (!vetted || !/^https?:/.test(vetted.href)) return pushText(out, alt)
    const note = placeNote(alt, vetted)
    const label = isBlank(alt) ? vetted.href : note === null ? alt : `${alt} (${note})`
    out.push({ t: 'image', href: vetted.href, alt: label })
  }

  private vet(raw: string): VettedLink | null {
    const vetted = vetLink(raw)
    if (!vetted || vetted.href.length > this.linkChars) return null
    this.linkChars -= vetted.href.length
    return vetted
  }
}

/** Makes the label say where the link leads, if it does not (rules in links.ts). `out`: where the link stands, last. */
function closeLink(
  link: { node: Extract<Inline, { t: 'link' }>; vetted: VettedLink; auto: boolean },
  out: Inline[],
): void {
  const { node, vetted } = link
  const label = inlineText(node.children)
  const member = MENTION.exec(vetted.href)?.[1]
  if (member !== undefined && !link.auto) {
    out[out.length - 1] = { t: 'mention', member: member as MemberKey, text: label.replace(/^@/, '') }
    return
  }
  if (link.auto) {
    node.children = []
    pushText(node.children, autoLabel(label, vetted))
  } else if (isBlank(label)) {
    node.children = [{ t: 'text', text: vetted.href }]
  } else {
    const note = placeNote(label, vetted)
    if (note !== null) pushText(node.children, ` (${note})`)
  }
}

/** The first word of a fence's info line, as far as it can be the name of a language. */
function language(info: string): string {
  return /^\s*([\w+#.-]{1,32})(?:\s|$)/.exec(info)?.[1] ?? ''
}

function headingLevel(tag: string): 1 | 2 | 3 | 4 | 5 | 6 {
  const levels = { h1: 1, h2: 2, h3: 3, h4: 4, h5: 5, h6: 6 } as const
  return levels[tag as keyof typeof levels] ?? 6
}

function alignment(token: Token): 'left' | 'center' | 'right' | null {
  const side = /text-align:(left|center|right)/.exec(String(token.attrGet('style') ?? ''))?.[1]
  return side === 'left' || side === 'center' || side === 'right' ? side : null
}

function fail(why: string): never {
  throw new Error(why)
}
