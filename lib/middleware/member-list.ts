/** An entry of a {@link MemberList}, with its position. */
export interface Membership<T> {
  readonly member: T
  /** The index in the list, while the entry is in it. */
  index: number
}

/**
 * A list for members that come and go often. A `Set` is not suitable: V8 replaces its table again and again, and each old table points to
 * the next one. As soon as one table is in the old generation, minor garbage collections keep all later tables and the members that have
 * left. Only major collections free them.
 */
export class MemberList<T> {
  readonly #memberships: Membership<T>[] = []

  get size(): number {
    return this.#memberships.length
  }

  get members(): T[] {
    return this.#memberships.map(({ member }) => member)
  }

  add(member: T): Membership<T> {
    const membership = { member, index: this.#memberships.length }
    this.#memberships.push(membership)
    return membership
  }

  /** The last member moves to the free place. A second call has no effect. */
  delete(membership: Membership<T>): void {
    const { index } = membership
    if (this.#memberships[index] !== membership) return
    const last = this.#memberships.pop()
    if (last === undefined || last === membership) return
    last.index = index
    this.#memberships[index] = last
  }
}
