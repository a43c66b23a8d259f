// Fills the index of a folder, as the thread that stores does.
import { crypto } from '../../main/identity/sodium'
import { Indexer } from '../../main/peer/indexer'
import type { StorePort } from '../../main/peer/ports'
import { facetsOf } from '../../main/render/facets'
import { RENDER_VERSION, renderMarkdown } from '../../main/render/markdown'

/** As many as the thread takes at once (main/store-worker.ts). */
const BITE_NODES = 4000

/** Until everything can be found; `all`: and every tree that costs time is made. */
export function indexAll(store: StorePort, all = false): void {
  const indexer = new Indexer({
    parts: {
      secrets: { crypto },
      render: renderMarkdown,
      renderVersion: RENDER_VERSION,
      facets: facetsOf,
      log: () => undefined,
      now: Date.now,
    },
    store,
    rows: { takeMade: () => [] },
    biteNodes: BITE_NODES,
    indexed: () => undefined,
  })
  while ((all || store.notIndexed() > 0) && indexer.bite());
}
