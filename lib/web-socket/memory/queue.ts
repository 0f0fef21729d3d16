/** An entry of a {@link Queue}. Only the queue may change the links. */
export interface Queueable<Entry> {
  next: Entry | undefined
  previous: Entry | undefined
}

/**
 * A doubly linked list. Every operation takes constant time, also the removal of an entry in the middle. The links are in the entries, so that an
 * entry needs no further memory.
 */
export class Queue<Entry extends Queueable<Entry>> {
  first: Entry | undefined
  last: Entry | undefined

  get isEmpty(): boolean {
    return this.first === undefined
  }

  /** Whether the entry is in this queue. It must not be in another queue. */
  has(entry: Entry): boolean {
    return entry.previous !== undefined || this.first === entry
  }

  /** The entry must not be in any queue. */
  push(entry: Entry): void {
    entry.previous = this.last
    if (this.last === undefined) this.first = entry
    else this.last.next = entry
    this.last = entry
  }

  shift(): Entry | undefined {
    const { first } = this
    if (first !== undefined) this.delete(first)
    return first
  }

  /** The entry must be in this queue. */
  delete(entry: Entry): void {
    const { next, previous } = entry
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    entry.next = undefined
    entry.previous = undefined
  }
}
