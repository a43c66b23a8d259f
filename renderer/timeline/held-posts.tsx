// Decides how entries are shown that wait on this device until it is on the member list.
import { useApp } from '../state'
import { locale, text } from '../text'
import { relativeTime } from '../ui/time'

export function HeldPosts({ now }: { now: number }) {
  const posts = useApp().circle?.heldPosts ?? []
  if (!posts.length) return null
  return (
    <section className="held-posts" aria-label={text.held.title(posts.length)} data-testid="held-posts">
      <p>
        <strong>{text.held.title(posts.length)}</strong> {text.held.hint}
      </p>
      <ol>
        {posts.map((post) => (
          <li key={`${post.at} ${post.text}`}>
            <span className="held-post-text">{post.text}</span>
            <time dateTime={new Date(post.at).toISOString()}>{relativeTime(Math.min(post.at, now), now, locale)}</time>
          </li>
        ))}
      </ol>
    </section>
  )
}
