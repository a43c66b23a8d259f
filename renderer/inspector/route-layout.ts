// Decides where the devices of a route stand in its picture (rules F1–F4, F10): on the ring, in a tree, or, when there
// are too many to read, as the path alone with what each hop was responsible for beside it.
import type { Inspection, RouteTree } from '../../shared/types'

/** A tree with more devices than this is shown as its path and counts: labels would no longer fit the pane. */
export const TREE_DEVICES_MAX = 40

interface Point {
  x: number
  y: number
}

/** Point of ring place `index` of `count`, clockwise from the top, on a circle around (0, 0). */
export function ringPoint(index: number, count: number, radius: number): Point {
  const angle = (index / Math.max(1, count)) * 2 * Math.PI - Math.PI / 2
  return { x: Math.cos(angle) * radius, y: Math.sin(angle) * radius }
}

type Edges = readonly { from: number; to: number }[]

const childrenOf = (edges: Edges): Map<number, number[]> => {
  const children = new Map<number, number[]>()
  for (const { from, to } of edges) children.set(from, [...(children.get(from) ?? []), to])
  return children
}

interface Placed {
  index: number
  /** In leaves from the left: a leaf takes one, a parent stands over the middle of its children. */
  column: number
  depth: number
}

/** The tree from `root`, tidy: children side by side under their parent, no two on one spot. */
export function treeLayout(edges: Edges, root: number): { placed: Placed[]; columns: number; depth: number } {
  const children = childrenOf(edges)
  const placed: Placed[] = []
  const seen = new Set<number>()
  let leaves = 0
  let deepest = 0
  const place = (index: number, depth: number): number => {
    seen.add(index)
    deepest = Math.max(deepest, depth)
    const below = (children.get(index) ?? []).filter((child) => !seen.has(child))
    const columns = below.map((child) => place(child, depth + 1))
    const column = columns.length === 0 ? leaves++ : ((columns[0] ?? 0) + (columns.at(-1) ?? 0)) / 2
    placed.push({ index, column, depth })
    return column
  }
  place(root, 0)
  return { placed, columns: Math.max(1, leaves), depth: deepest }
}

/** Ring indices along a tree's path, author first; hops that are not on the ring are left out. */
export function pathIndices(tree: RouteTree, ring: readonly { device: string }[]): number[] {
  const index = new Map(ring.map((hop, at) => [hop.device, at]))
  return tree.path.flatMap((hop) => index.get(hop.device) ?? [])
}

/** For each hop of a path: how many other devices it served besides those along the path. */
export function servedBeside(edges: Edges, path: readonly number[]): number[] {
  const children = childrenOf(edges)
  const sizes = new Map<number, number>()
  const size = (index: number): number => {
    const known = sizes.get(index)
    if (known !== undefined) return known
    sizes.set(index, 1)
    const total = 1 + (children.get(index) ?? []).reduce((sum, child) => sum + size(child), 0)
    sizes.set(index, total)
    return total
  }
  return path.map((index, at) => {
    const next = path[at + 1]
    return size(index) - 1 - (next === undefined ? 0 : size(next))
  })
}

/** What really happened with the copy that came first, against what was planned (rules F4, F6, F10). */
export type Arrival =
  | { way: 'sync' }
  /** As planned, or with `passedOver` planned hops left out. `hop` of `hops`, counted from 1. */
  | { way: 'planned'; tree: 0 | 1; hop: number; hops: number; passedOver: number }
  /** Somebody who is not on the planned path stood in for one who is. */
  | { way: 'stand-in'; tree: 0 | 1 }

export function arrivalOf(
  cameFrom: NonNullable<Inspection['route']['cameFrom']>,
  trees: readonly RouteTree[],
): Arrival {
  const { how, tree, hop } = cameFrom
  if (how === 'sync' || tree === null) return { way: 'sync' }
  const hops = (trees.find((one) => one.tree === tree)?.path.length ?? 0) - 1
  if (hop === null || hop >= hops) return { way: 'stand-in', tree }
  return { way: 'planned', tree, hop: hop + 1, hops, passedOver: hops - hop - 1 }
}
