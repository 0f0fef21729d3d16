/** An entry of a {@link Queue}. The links belong to the queue. */
export interface Queueable<Entry> {
  next: Entry | undefined
  previous: Entry | undefined
}

/**
 * A queue in which everything takes the same time however many entries wait: both ends, and taking an entry out of the middle. The entries
 * carry the links, so that waiting takes no memory but theirs.
 */
export class Queue<Entry extends Queueable<Entry>> {
  first: Entry | undefined
  last: Entry | undefined

  get isEmpty(): boolean {
    return this.first === undefined
  }

  /** Whether the entry waits in this queue. It must not wait in another one. */
  has(entry: Entry): boolean {
    return entry.previous !== undefined || this.first === entry
  }

  /** The entry must not wait in any queue yet. */
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

  /** The entry must wait in this queue. */
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
