// Counts everything that a running peer remembers: each map, set and list that can be reached from it, by the name of the
// field that holds it. What is added to the program later is counted without being named here.

/** Fields behind which lies what is not the peer's own memory: the circle's list, the world around it, and constants. */
const OUTSIDE: ReadonlySet<string> = new Set([
  ...['list', 'currentList', 'options', 'ports', 'parts', 'crypto', 'rings', 'world', 'store', 'disk', 'hooks', 'time'],
  ...['link', 'links', 'ring', 'route', 'seed', 'network', 'node', 'item', 'entries'],
])
const DEPTH_MAX = 6

export type Census = Record<string, number>

/** Sizes by path, as 'engine.forwarding.handOvers'; a collection within a collection counts for the outer one's name. */
export function census(roots: Readonly<Record<string, object>>): Census {
  const sizes: Census = {}
  const seen = new Set<object>()
  const walk = (value: unknown, path: string, depth: number): void => {
    if (typeof value !== 'object' || value === null || seen.has(value) || depth > DEPTH_MAX) return
    seen.add(value)
    if (ArrayBuffer.isView(value)) return
    if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
      const size = Array.isArray(value) ? value.length : value.size
      sizes[path] = (sizes[path] ?? 0) + size
      for (const inner of value instanceof Map ? value.values() : value) walk(inner, `${path}[]`, depth + 1)
      return
    }
    for (const [name, field] of Object.entries(value)) if (!OUTSIDE.has(name)) walk(field, `${path}.${name}`, depth + 1)
  }
  for (const [name, root] of Object.entries(roots)) walk(root, name, 0)
  return sizes
}

/** The largest of several, path by path. */
export function most(all: readonly Census[]): Census {
  const result: Census = {}
  for (const one of all)
    for (const [path, size] of Object.entries(one)) result[path] = Math.max(result[path] ?? 0, size)
  return result
}
