// Typed listeners. A listener that throws is a bug and is not caught.

type Listener = (...args: never[]) => void

export class Emitter<Events extends { [Name in keyof Events]: Listener }> {
  readonly #listeners = new Map<keyof Events, Set<Listener>>()

  on<Name extends keyof Events>(name: Name, listener: Events[Name]): this {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return this
  }

  off<Name extends keyof Events>(name: Name, listener: Events[Name]): this {
    this.#listeners.get(name)?.delete(listener)
    return this
  }

  protected emit<Name extends keyof Events>(name: Name, ...args: Parameters<Events[Name]>): void {
    // A copy, since a listener may take itself off.
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(...(args as never[]))
  }
}
