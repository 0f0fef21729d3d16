/** That somebody is on a {@link MemberList}, and where. */
export interface Membership<T> {
  readonly member: T
  /** Where on the list, as long as it is on it. */
  index: number
}

/**
 * Who is there, where many come and go. Not a `Set`: V8 makes that a new table again and again, to which the old one points. As soon as one
 * of these tables is old, every later one counts as alive in minor collections of garbage, and with it all that have left: they are copied, kept, and left to major
 * collections.
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

  /** The last one takes the place that gets free. Does nothing the second time. */
  delete(membership: Membership<T>): void {
    const { index } = membership
    if (this.#memberships[index] !== membership) return
    const last = this.#memberships.pop()
    if (last === undefined || last === membership) return
    last.index = index
    this.#memberships[index] = last
  }
}
