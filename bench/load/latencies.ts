/** Collects the latencies of echoes and computes percentiles. */
export class Latencies {
  #times = new Float64Array(65_536)
  #count = 0

  add(milliseconds: number): void {
    if (this.#count === this.#times.length) {
      const larger = new Float64Array(2 * this.#count)
      larger.set(this.#times)
      this.#times = larger
    }
    this.#times[this.#count++] = milliseconds
  }

  clear(): void {
    this.#count = 0
  }

  summary(): { p50: number; p99: number } {
    const sorted = this.#times.subarray(0, this.#count).toSorted()
    const percentile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
    return { p50: percentile(0.5), p99: percentile(0.99) }
  }
}
