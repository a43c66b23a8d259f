import { describe, expect, test } from 'vitest'
import type { DeviceKey, Inspection, MemberKey, RouteTree } from '../../shared/types'
import { arrivalOf, pathIndices, ringPoint, servedBeside, treeLayout } from '../../renderer/inspector/route-layout'

const edges = [
  { from: 0, to: 3 },
  { from: 0, to: 8 },
  { from: 3, to: 1 },
  { from: 3, to: 5 },
  { from: 8, to: 7 },
]

describe('the picture of a route', () => {
  test('the author stands at the top of the ring', () => {
    const { x, y } = ringPoint(0, 12, 100)
    expect(x).toBeCloseTo(0)
    expect(y).toBeCloseTo(-100)
  })
  test('in a tree a parent stands over the middle of its heirs', () => {
    const { placed, columns, depth } = treeLayout(edges, 0)
    const column = (index: number) => placed.find((one) => one.index === index)?.column
    expect(column(3)).toBe(((column(1) ?? 0) + (column(5) ?? 0)) / 2)
    expect(columns).toBe(3)
    expect(depth).toBe(2)
  })
  test('no two devices stand on one spot', () => {
    const spots = treeLayout(edges, 0).placed.map(({ column, depth }) => `${column}/${depth}`)
    expect(new Set(spots).size).toBe(spots.length)
  })
  test('a circle in the edges, which no honest tree has, still ends', () => {
    expect(treeLayout([...edges, { from: 5, to: 0 }], 0).placed).toHaveLength(6)
    expect(servedBeside([...edges, { from: 5, to: 0 }], [0, 3])).toHaveLength(2)
  })
  test('a path names ring places and skips who is not on the ring', () => {
    const hop = (device: string) => ({
      device: device as DeviceKey,
      member: device as string as MemberKey,
      memberName: device,
    })
    const tree: RouteTree = { tree: 0, path: [hop('a'), hop('gone'), hop('c')], edges: [] }
    expect(pathIndices(tree, [hop('a'), hop('b'), hop('c')])).toEqual([0, 2])
  })
  test('in a large circle each hop tells how many others it served', () => {
    expect(servedBeside(edges, [0, 3, 5])).toEqual([2, 1, 0])
  })
})

describe('[F10] what really happened with the first copy', () => {
  const hops = (...names: string[]) =>
    names.map((name) => ({ device: name as DeviceKey, member: name as string as MemberKey, memberName: name }))
  const trees: RouteTree[] = [
    { tree: 0, path: hops('author', 'x', 'y', 'me'), edges: [] },
    { tree: 1, path: hops('author', 'me'), edges: [] },
  ]
  type CameFrom = NonNullable<Inspection['route']['cameFrom']>
  const came = (over: Partial<CameFrom>) =>
    arrivalOf({ device: 'y' as DeviceKey, memberName: 'Y', how: 'tree', tree: 0, at: 1, hop: 2, ...over }, trees)

  test('as planned, the hops are counted from the author on', () => {
    expect(came({})).toEqual({ way: 'planned', tree: 0, hop: 3, hops: 3, passedOver: 0 })
    expect(came({ tree: 1, hop: 0 })).toEqual({ way: 'planned', tree: 1, hop: 1, hops: 1, passedOver: 0 })
  })
  test('[F6] an earlier hop handed it over itself: who was left out is counted', () => {
    expect(came({ hop: 0 })).toEqual({ way: 'planned', tree: 0, hop: 1, hops: 3, passedOver: 2 })
  })
  test('[F6] whoever is not on the path stood in for somebody', () => {
    expect(came({ hop: null })).toEqual({ way: 'stand-in', tree: 0 })
  })
  test('[R4] while catching up there was no hop', () => {
    expect(came({ how: 'sync', tree: null, hop: null })).toEqual({ way: 'sync' })
  })
  test('without a planned path, a device that was admitted later, nobody stands on one', () => {
    expect(arrivalOf({ device: 'y' as DeviceKey, memberName: 'Y', how: 'tree', tree: 0, at: 1, hop: 0 }, [])).toEqual({
      way: 'stand-in',
      tree: 0,
    })
  })
})
