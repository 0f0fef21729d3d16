import { isUtf8 } from 'node:buffer'

/** Validates the UTF-8 of a text message piece by piece. A character may be split between pieces (RFC 6455, section 8.1). */
export class Utf8Validator {
  /** The first bytes of an incomplete character: 0 to 3 of them. */
  #pending: Uint8Array = NOTHING

  /** Takes the next piece. Returns `false` if it is invalid or cannot become valid. `isAscii` tells that no byte has its high bit set. */
  write(bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean {
    if (this.#pending.length === 0 && (isAscii || start === end)) return true
    let from = start
    if (this.#pending.length > 0) {
      const taken = Math.min(sequenceLength(this.#pending[0] ?? 0) - this.#pending.length, end - start)
      const character = Buffer.concat([this.#pending, bytes.subarray(start, start + taken)])
      from = start + taken
      if (character.length < sequenceLength(character[0] ?? 0)) {
        this.#pending = character
        return isPossiblePrefix(character)
      }
      this.#pending = NOTHING
      if (!isUtf8(character)) return false
    }
    const tail = incompleteTailLength(bytes, from, end)
    if (tail > 0) {
      // A copy: the caller owns the bytes. (The slice() of a Buffer would not be one.)
      this.#pending = Uint8Array.from(bytes.subarray(end - tail, end))
      if (!isPossiblePrefix(this.#pending)) return false
    }
    return isUtf8(bytes.subarray(from, end - tail))
  }

  /** Ends the message. Returns `false` if its last character is incomplete. */
  end(): boolean {
    const isComplete = this.#pending.length === 0
    this.#pending = NOTHING
    return isComplete
  }
}

const NOTHING = new Uint8Array(0)

/** The length of the character with this first byte; 1 for an invalid first byte. */
function sequenceLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
}

/** The number of bytes at the end that belong to an incomplete character. */
function incompleteTailLength(bytes: Uint8Array, start: number, end: number): number {
  for (let length = 1; length <= 3 && end - length >= start; length++) {
    const byte = bytes[end - length] ?? 0
    if ((byte & 0xc0) !== 0x80) return sequenceLength(byte) > length ? length : 0
  }
  return 0
}

/** Whether these bytes can begin a valid character: no overlong form, no surrogate, nothing above U+10FFFF (RFC 3629, section 4). */
function isPossiblePrefix(bytes: Uint8Array): boolean {
  const [lead = 0, second, third] = bytes
  if (second === undefined) return true
  if (third !== undefined && (third & 0xc0) !== 0x80) return false
  if (lead === 0xe0) return second >= 0xa0 && second <= 0xbf
  if (lead === 0xed) return second >= 0x80 && second <= 0x9f
  if (lead === 0xf0) return second >= 0x90 && second <= 0xbf
  if (lead === 0xf4) return second >= 0x80 && second <= 0x8f
  return second >= 0x80 && second <= 0xbf
}
