// Decides where the devices of the ring stand on its map (rule F1), which of them bear their name there, and which of them
// a pointer means. This device is at index 0, at the top; the others follow clockwise.
import { ringPoint } from '../inspector/route-layout'

/** px */
const NAME_GAP = 9
const NAME_HEIGHT = 15
const NAME_APART = 3
/** Mean width of a letter at the names' size; names are cut to the room that they have by it. */
const LETTER = 6.6
const LETTERS_MAX = 22
const LETTERS_MIN = 3
const EDGE = 4
const SIDE_ROOM = 118
const SIDE_ROOM_NARROW = 64
const NARROW = 480
const HEIGHT_MIN = 300
/** Grows with very wide windows only. */
const HEIGHT_MAX = 540
const DOT_MIN = 1.7
const DOT_MAX = 7
/** A pointer this near (px along the ring) means a device, however close the next one is. */
const REACH = 26

export interface MapSize {
  width: number
  height: number
  radius: number
  /** From device to device along the ring. */
  spacing: number
  /** Radius of a device's dot. */
  dot: number
}

export function mapSize(devices: number, width: number): MapSize {
  const highest = Math.max(HEIGHT_MAX, width * 0.5)
  const height = Math.round(Math.min(highest, Math.max(HEIGHT_MIN, width * 0.74)))
  const side = width < NARROW ? SIDE_ROOM_NARROW : SIDE_ROOM
  const radius = Math.max(60, Math.min(width / 2 - side, height / 2 - 34))
  const spacing = (2 * Math.PI * radius) / Math.max(1, devices)
  return { width, height, radius, spacing, dot: Math.min(DOT_MAX, Math.max(DOT_MIN, spacing * 0.4)) }
}

export interface Name {
  index: number
  text: string
  x: number
  y: number
  anchor: 'start' | 'middle' | 'end'
}

/** Left, right, top, bottom. */
type Box = [number, number, number, number]
const boxOf = ({ text, x, y, anchor }: Name): Box => {
  const width = text.length * LETTER
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2
  return [left - NAME_APART, left + width + NAME_APART, y - NAME_HEIGHT / 2, y + NAME_HEIGHT / 2]
}
export const overlap = (a: Name, b: Name): boolean => {
  const [aLeft, aRight, aTop, aBottom] = boxOf(a)
  const [bLeft, bRight, bTop, bBottom] = boxOf(b)
  return aLeft < bRight && bLeft < aRight && aTop < bBottom && bTop < aBottom
}

/** Beside its dot, cut to the room up to the edge. */
export function nameAt(index: number, name: string, devices: number, { width, radius, dot }: MapSize): Name {
  const { x, y } = ringPoint(index, devices, radius + Math.max(dot, 4) + NAME_GAP)
  const middle = Math.abs(x) < radius * 0.14
  const room = middle ? 2 * (width / 2 - Math.abs(x)) : width / 2 - Math.abs(x)
  const letters = Math.max(LETTERS_MIN, Math.min(LETTERS_MAX, Math.floor((room - EDGE) / LETTER)))
  const characters = [...name]
  const text = characters.length > letters ? `${characters.slice(0, letters - 1).join('')}…` : name
  return { index, text, x, y: middle ? y + Math.sign(y) * 4 : y, anchor: middle ? 'middle' : x > 0 ? 'start' : 'end' }
}

/** As many names as fit without touching, those that stand first in `wanted` before the others. */
export function placeNames(wanted: readonly { index: number; name: string }[], devices: number, size: MapSize): Name[] {
  const placed: Name[] = []
  for (const { index, name } of wanted) {
    const next = nameAt(index, name, devices, size)
    if (!placed.some((one) => overlap(one, next))) placed.push(next)
  }
  return placed
}

/** The device that a pointer at (x, y) from the ring's middle means, or null. */
export function deviceNear(x: number, y: number, devices: number, radius: number): number | null {
  if (devices === 0 || Math.hypot(x, y) < radius * 0.55) return null
  const turns = (Math.atan2(y, x) + Math.PI / 2) / (2 * Math.PI)
  const exact = (turns < 0 ? turns + 1 : turns) * devices
  const nearest = Math.round(exact)
  const apart = (Math.abs(exact - nearest) / devices) * 2 * Math.PI * radius
  return apart <= REACH ? nearest % devices : null
}

/** A chord from this device to another, bent a little towards the middle. */
export function chordTo(index: number, devices: number, radius: number): string {
  const from = ringPoint(0, devices, radius)
  const to = ringPoint(index, devices, radius)
  // The shorter the chord, the flatter: links to close neighbours stay close to the ring.
  const bend = 1 - 0.4 * (Math.hypot(to.x - from.x, to.y - from.y) / (2 * radius))
  const at = (value: number) => value.toFixed(1)
  return `M${at(from.x)} ${at(from.y)}Q${at(((from.x + to.x) / 2) * bend)} ${at(((from.y + to.y) / 2) * bend)} ${at(to.x)} ${at(to.y)}`
}
