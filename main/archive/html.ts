// The archive for people: a page that opens in any browser, without script and without anything from elsewhere. It is made of
// the same render trees that the window paints, so what somebody wrote can become nothing but text here. A long timeline
// becomes several pages in a folder beside the first, which then lists them.
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileError } from '../../shared/file-errors'
import type { Block, Inline, RenderTree } from '../../shared/types'
import type { HtmlEntry, HtmlSource, HtmlWords, Step } from '../protocol/archive'
import { STYLE } from './html-style'
import { beginFile, besideName, type WholeFile } from './whole-file'

/** A browser shows and searches so many entries at once without effort. */
const PAGE_ENTRIES = 4000

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => escapes[char]!)

type NameOf = HtmlSource['nameOf']
/** Render trees hold vetted targets only; here once more, so that no other scheme can ever be written. */
const safe = (href: string): string | null => (/^(https?|mailto|twofold):/i.test(href) ? escapeHtml(href) : null)

function inline(node: Inline, nameOf: NameOf): string {
  switch (node.t) {
    case 'text':
      return escapeHtml(node.text)
    case 'code':
      return `<code>${escapeHtml(node.text)}</code>`
    case 'em':
    case 'strong':
    case 'del':
      return `<${node.t}>${inlines(node.children, nameOf)}</${node.t}>`
    case 'link': {
      const href = safe(node.href)
      const inner = inlines(node.children, nameOf)
      const title = node.title === undefined ? '' : ` title="${escapeHtml(node.title)}"`
      return href === null ? inner : `<a href="${href}" rel="noreferrer noopener"${title}>${inner}</a>`
    }
    case 'image': {
      const href = safe(node.href)
      const label = escapeHtml(node.alt || node.href)
      return href === null ? label : `<a href="${href}" rel="noreferrer noopener">${label}</a>`
    }
    case 'mention':
      return `<b>@${escapeHtml(nameOf(node.member) ?? node.text)}</b>`
    case 'tag':
    case 'mark':
      return escapeHtml(node.text)
    case 'break':
      return '<br>'
  }
}
const inlines = (nodes: readonly Inline[], nameOf: NameOf): string => nodes.map((node) => inline(node, nameOf)).join('')

function block(node: Block, nameOf: NameOf): string {
  switch (node.t) {
    case 'paragraph':
      return `<p>${inlines(node.children, nameOf)}</p>`
    case 'heading': {
      // Below the day (h2) and the entry.
      const level = Math.min(6, node.level + 2)
      return `<h${level}>${inlines(node.children, nameOf)}</h${level}>`
    }
    case 'code':
      return `<pre><code>${escapeHtml(node.text)}</code></pre>`
    case 'quote':
      return `<blockquote>${blocks(node.children, nameOf)}</blockquote>`
    case 'list': {
      const tag = node.ordered ? 'ol' : 'ul'
      const start = node.ordered && node.start !== 1 ? ` start="${node.start}"` : ''
      const items = node.items.map(({ done, children }) => {
        const box = done === undefined ? '' : done ? '☑ ' : '☐ '
        return `<li>${box}${blocks(children, nameOf)}</li>`
      })
      return `<${tag}${start}>${items.join('')}</${tag}>`
    }
    case 'table': {
      const cell = (tag: 'th' | 'td') => (content: Inline[], i: number) => {
        const align = node.align[i]
        return `<${tag}${align ? ` class="${align}"` : ''}>${inlines(content, nameOf)}</${tag}>`
      }
      const rows = node.rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`)
      return `<div class="wide"><table><thead><tr>${node.head.map(cell('th')).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
    }
    case 'rule':
      return '<hr>'
  }
}
const blocks = (nodes: readonly Block[], nameOf: NameOf): string => nodes.map((node) => block(node, nameOf)).join('')
export const treeHtml = (tree: RenderTree, nameOf: NameOf): string => blocks(tree.blocks, nameOf)

const iso = (ms: number): string => new Date(ms).toISOString()

function entryHtml(entry: HtmlEntry, words: HtmlWords, nameOf: NameOf): string {
  const { id, memberName, timestamp, about } = entry
  const at = iso(timestamp)
  const answers = about
    ? `<p class="about"><a href="#${escapeHtml(about.id.slice(0, 16))}">${escapeHtml(words.answers(about.memberName))}</a> ${escapeHtml(about.excerpt)}</p>`
    : ''
  const text = entry.retracted ? `<p class="gone">${escapeHtml(words.retracted)}</p>` : treeHtml(entry.tree, nameOf)
  const reactions = entry.reactions.map(
    ({ text: what, count, names }) => `<li title="${escapeHtml(names.join(', '))}">${escapeHtml(what)} ${count}</li>`,
  )
  return `<article id="${escapeHtml(id.slice(0, 16))}"><header><strong>${escapeHtml(memberName)}</strong> <time datetime="${at}">${at.slice(11, 16)}</time>${entry.edited ? ` <span>${escapeHtml(words.edited)}</span>` : ''}</header>${answers}${text}${reactions.length ? `<ul class="reactions">${reactions.join('')}</ul>` : ''}</article>\n`
}

function head(title: string, words: HtmlWords): string {
  return `<!doctype html>
<html lang="${escapeHtml(words.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
`
}
const foot = '</main>\n</body>\n</html>\n'

/** One page after the other, entries oldest first, with a heading for each day (UTC). */
class Pages {
  entries = 0
  bytes = 0
  private file: WholeFile | null = null
  private day = ''
  private onPage = 0
  private from = 0
  private to = 0
  readonly made: { name: string; from: number; to: number; entries: number }[] = []

  constructor(
    private readonly nameOfPage: (number: number) => string,
    private readonly source: HtmlSource,
    private readonly words: HtmlWords,
    private readonly links: boolean,
    private readonly at: number,
  ) {}

  put(entry: HtmlEntry): void {
    if (this.onPage >= PAGE_ENTRIES) this.close(true)
    this.file ??= this.begin()
    if (!this.onPage) this.from = entry.timestamp
    this.to = entry.timestamp
    const day = iso(entry.timestamp).slice(0, 10)
    if (day !== this.day) this.file.text(`<h2><time datetime="${day}">${day}</time></h2>\n`)
    this.day = day
    this.file.text(entryHtml(entry, this.words, this.source.nameOf))
    this.onPage++
    this.entries++
  }

  private begin(): WholeFile {
    const { source, words } = this
    const number = this.made.length + 1
    const file = beginFile(this.nameOfPage(number))
    this.day = ''
    file.text(head(source.circleName, words))
    if (number > 1) file.text(`<nav><a href="${number - 1}.html">← ${escapeHtml(words.older)}</a></nav>\n`)
    else if (!this.links) file.text(intro(source, words, this.at))
    return file
  }

  close(more: boolean): void {
    const file = (this.file ??= this.begin())
    const number = this.made.length + 1
    if (more) file.text(`<nav><a href="${number + 1}.html">${escapeHtml(this.words.newer)} →</a></nav>\n`)
    file.text(foot)
    file.finish()
    this.bytes += file.bytes
    this.made.push({ name: `${number}.html`, from: this.from, to: this.to, entries: this.onPage })
    this.file = null
    this.onPage = 0
  }

  abandon(): void {
    this.file?.abandon()
  }
}

const intro = ({ circleName, circleId, total }: HtmlSource, words: HtmlWords, at: number): string =>
  `<h1>${escapeHtml(circleName)}</h1>\n<p class="intro">${escapeHtml(words.entries(total))} ${escapeHtml(words.madeAt(at))}</p>\n<p class="intro">${escapeHtml(words.checkHint)} <code>${escapeHtml(circleId)}</code></p>\n`

/** Throws DISK_FULL, FOLDER_UNWRITABLE, and what `step` throws; then nothing is left. */
export async function writeHtml(
  path: string,
  source: HtmlSource,
  words: HtmlWords,
  at: number,
  step: Step,
): Promise<{ entries: number; bytes: number }> {
  const many = source.total > PAGE_ENTRIES
  // As browsers name what belongs to a saved page.
  const folder = join(dirname(path), `${basename(path).replace(/\.html?$/i, '')}_files`)
  const inWork = besideName(folder)
  const pages = new Pages((n) => (many ? join(inWork, `${n}.html`) : path), source, words, many, at)
  try {
    if (many) {
      rmSync(inWork, { recursive: true, force: true })
      mkdirSync(inWork, { recursive: true, mode: 0o700 })
    }
    for (const run of source.runs()) {
      for (const entry of run) pages.put(entry)
      await step(pages.entries)
    }
    pages.close(false)
    if (many) contents(path, folder, inWork, pages, source, words, at)
    return { entries: pages.entries, bytes: pages.bytes }
  } catch (error) {
    pages.abandon()
    if (many) rmSync(inWork, { recursive: true, force: true })
    throw fileErrorOr(error, path)
  }
}

/** Errors of the file system in words; others as they are. */
const fileErrorOr = (error: unknown, path: string): unknown =>
  error instanceof Error && 'syscall' in error ? fileError(error, path) : error

/** The first page lists the others. It comes last, so that it never names what is not there. */
function contents(
  path: string,
  folder: string,
  inWork: string,
  pages: Pages,
  source: HtmlSource,
  words: HtmlWords,
  at: number,
): void {
  rmSync(folder, { recursive: true, force: true })
  renameSync(inWork, folder)
  const file = beginFile(path)
  file.text(head(source.circleName, words) + intro(source, words, at))
  file.text(`<h2>${escapeHtml(words.contents)}</h2>\n<ol class="contents">\n`)
  const there = encodeURIComponent(basename(folder))
  for (const { name, from, to, entries } of pages.made)
    file.text(
      `<li><a href="${there}/${name}">${iso(from).slice(0, 10)} – ${iso(to).slice(0, 10)}</a> ${escapeHtml(words.entries(entries))}</li>\n`,
    )
  file.text(`</ol>\n${foot}`)
  file.finish()
}
