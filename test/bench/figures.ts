// Every figure that a benchmark gives, with the target that it is held against. docs/performance.md says what each means;
// a test holds the two together, and the compiler sees to it that each bench gives all of its own.

export interface Declared {
  unit: string
  /** Null: watched, but no promise. Bound null: it follows from what the same run measured. */
  target: { is: '≤' | '≥' | '<' | '='; bound: number | null } | null
}
const most = (bound: number | null, unit: string): Declared => ({ unit, target: { is: '≤', bound } })
const least = (bound: number, unit: string): Declared => ({ unit, target: { is: '≥', bound } })
const below = (bound: number, unit: string): Declared => ({ unit, target: { is: '<', bound } })
const exactly = (bound: number, unit: string): Declared => ({ unit, target: { is: '=', bound } })
const watched = (unit: string): Declared => ({ unit, target: null })

/** By bench, in the order in which all of them run. '× …' is a ratio to something that the same run measures. */
export const FIGURES = {
  parts: {
    'parts.decode': watched('× limit'),
    'parts.render': watched('× limit'),
    'parts.route100': watched('× limit'),
    'parts.route1000': watched('× limit'),
    'parts.append': watched('× limit'),
    'parts.appendRuns': watched('× limit'),
    'parts.index': watched('× limit'),
    'parts.readRun': watched('× limit'),
    'parts.joinMs': watched('ms'),
  },
  ingest: {
    'ingest.verifyEach': least(1.3, '× limit'),
    'ingest.million': least(1.25, '× limit'),
    'ingest.mainLoopP99Ms': most(16, 'ms'),
    'disk.ratio': most(1.6, '× raw bytes'),
    'disk.ratioWithText': most(2, '× raw bytes'),
  },
  sync: {
    'sync.vsLimit': least(2.5, '× limit'),
    'sync.vsHypercore': least(7, '× hypercore'),
    'sync.deferredVsLimit': least(6, '× limit'),
    'sync.millionRatio': least(0.85, '× at 100 k'),
    'sync.firstRowsMs': below(1000, 'ms'),
  },
  timeline: {
    'window.p95Ms': most(2.5, 'ms'),
    'window.syncingP95Ms': most(5, 'ms'),
    'scroll.fpsRatio': least(0.98, '× empty'),
    'scroll.blankRows': exactly(0, 'rows'),
    'jump.frames': most(2, 'frames'),
    'jump.syncingRatio': most(1.2, '× at rest'),
    'search.p95Ms': most(100, 'ms'),
  },
  start: {
    'coldStart.ratio': most(1.25, '× minimal'),
    'memory.ratio': most(1.1, '× minimal'),
    'stop.ms': watched('ms'),
  },
  idle: {
    'idle.cpuPercent': most(0.5, '% of a core'),
    'idle.memoryMiB': most(10, 'MiB'),
    'idle.wakeUps': watched('/s'),
  },
  lan: {
    // Two round trips of the link and 20 ms.
    'lan.postToVisibleP95Ms': most(null, 'ms'),
  },
  hostile: {
    'hostile.deliveryRatio': most(2, '× without'),
    'hostile.deliveryP95Ratio': most(2, '× without'),
    'hostile.memoryMiB': most(64, 'MiB'),
    'hostile.cutOffMs': watched('ms'),
  },
  forwarding: {
    'forwarding.full.sends': most(2.1, 'sends'),
    'forwarding.full.reached': exactly(100, '%'),
    'forwarding.full.killed': exactly(100, '%'),
    'forwarding.full.datagrams': below(0.25, '× naive'),
    'forwarding.full.cpu': below(1, '× naive'),
    'forwarding.brief.sends': most(1.1, 'sends'),
    'forwarding.brief.reached': exactly(100, '%'),
    'forwarding.brief.killed': exactly(100, '%'),
    'forwarding.brief.datagrams': below(0.25, '× naive'),
    'forwarding.brief.cpu': below(1, '× naive'),
  },
} as const satisfies Record<string, Record<string, Declared>>

export type Bench = keyof typeof FIGURES
export type FigureOf<B extends Bench> = keyof (typeof FIGURES)[B] & string
