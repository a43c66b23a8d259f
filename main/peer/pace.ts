// Long work in slices: whoever does it asks after every piece whether others are to come first. So a window, links and posts
// wait for a slice at most, whatever the length of the work.

/** Half a frame. */
const SLICE_MS = 8

/** Answers at once while the slice lasts; else when everything that waited has had its turn. */
export function pacer(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < SLICE_MS) return
    // A timer, not setImmediate: timers and sockets that are due come before it.
    await new Promise((resolve) => setTimeout(resolve, 0))
    since = performance.now()
  }
}
