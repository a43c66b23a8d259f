// Decides how a QR code is painted: one path of unit squares, always dark on white, whatever the theme.
export function Qr({ rows, label }: { rows: readonly (readonly boolean[])[]; label: string }) {
  const size = rows.length
  const squares = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={squares} fill="#000" />
    </svg>
  )
}
