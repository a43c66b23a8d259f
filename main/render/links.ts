// Which link targets are let through, and what a person is shown beside them. A post is written by somebody else: its
// links go to http, https, mailto and twofold only (docs/protocol.md, "Rendering"), are rewritten to what the WHATWG URL
// parser understands, and never hide where they lead: user info is dropped, an international host name is shown in its
// ASCII form, and a label that names another place than its target gets the target written behind it.

/** UTF-16 units of a whole URL. The contract takes invite links of the same length (shared/ipc-contract). */
export const LINK_CHARS_MAX = 8192

export interface VettedLink {
  /** Canonical, absolute and ASCII. */
  href: string
  /** Where it leads, for a person: the host, the mail address, or 'twofold'. */
  place: string
  /** The target as written cannot be trusted at a glance: user info was dropped, or the host is not plain ASCII. */
  tricky: boolean
}

/** The vetted form of a link target, or null when it must stay text. */
export function vetLink(raw: string): VettedLink | null {
  if (raw.length > LINK_CHARS_MAX || !URL.canParse(raw)) return null
  const url = new URL(raw)
  let place: string
  let tricky = false
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      tricky = url.username !== '' || url.password !== '' || /(^|\.)xn--/.test(url.hostname)
      url.username = ''
      url.password = ''
      place = url.hostname
      break
    case 'mailto:': {
      // Some mail programs attach files or add readers for other fields than these two.
      for (const key of [...url.searchParams.keys()]) {
        if (key !== 'subject' && key !== 'body') url.searchParams.delete(key)
      }
      place = url.pathname
      // Form encoding writes '+' for a space; mail programs read %20 only (RFC 6068).
      url.search = url.search.replaceAll('+', '%20')
      if (!place.includes('@')) return null
      tricky = place.includes('%')
      break
    }
    case 'twofold:':
      place = 'twofold'
      break
    default:
      return null
  }
  return url.href.length > LINK_CHARS_MAX ? null : { href: url.href, place, tricky }
}

/**
 * What has to be written behind a link's label, so that it does not mislead; null when the label is honest.
 * `auto`: the label is the target as the author typed it.
 */
export function placeNote(label: string, link: VettedLink): string | null {
  return link.tricky || !namesOnly(label, link.place) ? link.place : null
}

/** An address that was typed as it is (no label): shown as typed when its host stands in it, else in canonical form. */
export function autoLabel(typed: string, link: VettedLink): string {
  const honest = !link.tricky && (link.place === 'twofold' || typed.toLowerCase().includes(link.place.toLowerCase()))
  return honest ? typed : link.href
}

/** True when every host-like word of the label (`bank.example`) is the place itself. Linear in the label. */
function namesOnly(label: string, place: string): boolean {
  const home = bare(place.slice(place.lastIndexOf('@') + 1))
  for (const word of label.split(/[^\p{L}\p{M}\p{N}.-]+/u)) {
    const host = bare(word.replace(/^\.+/, ''))
    const lastDot = host.lastIndexOf('.')
    const hostLike = lastDot > 0 && /^(?:\p{L}{2,}|xn--[\w-]+)$/u.test(host.slice(lastDot + 1))
    if (hostLike && host !== home) return false
  }
  return true
}

function bare(host: string): string {
  let end = host.length
  while (end > 0 && host[end - 1] === '.') end--
  return host
    .slice(0, end)
    .toLowerCase()
    .replace(/^www\./, '')
}
