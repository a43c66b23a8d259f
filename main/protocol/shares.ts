// Whose share of a bounded store is how large: how many things are each one's, and how many bytes they have.

interface Share {
  count: number
  bytes: number
}

export class Shares<Owner> {
  private readonly shares = new Map<Owner, Share>()
  /** Bytes of all. */
  total = 0

  add(owner: Owner, bytes: number): void {
    const share = this.shares.get(owner) ?? { count: 0, bytes: 0 }
    this.shares.set(owner, { count: share.count + 1, bytes: share.bytes + bytes })
    this.total += bytes
  }

  /** What was added before. */
  remove(owner: Owner, bytes: number): void {
    const share = this.shares.get(owner)!
    if (share.count === 1) this.shares.delete(owner)
    else this.shares.set(owner, { count: share.count - 1, bytes: share.bytes - bytes })
    this.total -= bytes
  }

  count(owner: Owner): number {
    return this.shares.get(owner)?.count ?? 0
  }
  of(owner: Owner): number {
    return this.shares.get(owner)?.bytes ?? 0
  }
}
