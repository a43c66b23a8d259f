// Decides the app's mark: one sheet folded once, two leaves, the two trees' colours.
export function Mark({ sizePx }: { sizePx: number }) {
  return (
    <svg width={sizePx} height={sizePx} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="8" fill="#4655cf" />
      <path d="M7 10.2 16 7v14.8L7 25z" fill="#fff" />
      <path d="M25 10.2 16 7v14.8l9 3.2z" fill="#b9c2ff" />
    </svg>
  )
}
