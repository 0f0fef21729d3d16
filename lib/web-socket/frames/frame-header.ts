import { Opcode } from './opcode.ts'
import type { ReceivedBytes } from '../memory/received-bytes.ts'

/** The result of {@link FrameHeader.parse}. */
export const HeaderOutcome = { NeedsMore: 0, Complete: 1, Violation: 2 } as const
export type HeaderOutcome = (typeof HeaderOutcome)[keyof typeof HeaderOutcome]

/**
 * A frame header (RFC 6455, section 5.2). It is parsed without a copy, and validated as soon as its bytes have arrived. All sockets share one instance,
 * which is filled and read within one call.
 */
export class FrameHeader {
  isFinal = false
  isCompressed = false
  opcode = 0
  /** The length of the payload; `Infinity` above the largest safe integer. */
  length = 0
  /** The masking key, first byte most significant; 0 in an unmasked frame. */
  mask = 0
  /** The length of the header itself, in bytes. */
  size = 0
  /** The error message, after `HeaderOutcome.Violation`. */
  violation = ''

  get isControl(): boolean {
    return this.opcode >= Opcode.Close
  }

  /** Parses the header that begins `offset` bytes behind the head of `bytes`. */
  parse(bytes: ReceivedBytes, offset: number, isMaskExpected: boolean, isCompressionAgreed: boolean): HeaderOutcome {
    const available = bytes.length - offset
    if (available < 2) return HeaderOutcome.NeedsMore
    const first = bytes.at(offset)
    const second = bytes.at(offset + 1)
    this.isFinal = (first & 0x80) !== 0
    this.isCompressed = (first & 0x40) !== 0
    this.opcode = first & 0x0f
    this.length = second & 0x7f
    const isMasked = (second & 0x80) !== 0
    const violation = this.#violationOfFirstBytes(first, isMasked, isMaskExpected, isCompressionAgreed)
    if (violation !== '') return this.#violate(violation)

    const lengthSize = this.length === 126 ? 2 : this.length === 127 ? 8 : 0
    this.size = 2 + lengthSize + (isMasked ? 4 : 0)
    if (available < 2 + lengthSize) return HeaderOutcome.NeedsMore
    if (lengthSize !== 0 && !this.#readExtendedLength(bytes, offset + 2)) return HeaderOutcome.Violation
    if (available < this.size) return HeaderOutcome.NeedsMore
    this.mask = isMasked ? bytes.uint32At(offset + this.size - 4) : 0
    return HeaderOutcome.Complete
  }

  #violationOfFirstBytes(first: number, isMasked: boolean, isMaskExpected: boolean, isCompressionAgreed: boolean): string {
    if ((first & 0x30) !== 0) return 'The peer sent a frame with reserved bits set'
    if (this.isCompressed && !isCompressionAgreed) return 'The peer sent a compressed frame, but compression was not negotiated'
    if (isMasked !== isMaskExpected) return isMaskExpected ? 'The client sent an unmasked frame' : 'The server sent a masked frame'
    if (this.isControl) {
      if (this.opcode > Opcode.Pong) return `The peer sent a frame with the unknown opcode ${this.opcode}`
      if (!this.isFinal) return 'The peer sent a fragmented control frame'
      if (this.length > 125) return 'The peer sent a control frame with a payload of more than 125 bytes'
      if (this.isCompressed) return 'The peer sent a compressed control frame'
    } else if (this.opcode > Opcode.Binary) {
      return `The peer sent a frame with the unknown opcode ${this.opcode}`
    }
    return ''
  }

  #readExtendedLength(bytes: ReceivedBytes, offset: number): boolean {
    if (this.length === 126) {
      this.length = (bytes.at(offset) << 8) | bytes.at(offset + 1)
      if (this.length < 126) return this.#violate(NON_MINIMAL) === HeaderOutcome.Complete
      return true
    }
    const high = bytes.uint32At(offset)
    if (high > 0x7fff_ffff)
      return this.#violate('The peer sent a payload length with the most significant bit set') === HeaderOutcome.Complete
    // Numbers above 2^53 are not exact, and no message may be that long.
    this.length = high > 0x1f_ffff ? Infinity : high * 2 ** 32 + bytes.uint32At(offset + 4)
    if (this.length < 65_536) return this.#violate(NON_MINIMAL) === HeaderOutcome.Complete
    return true
  }

  #violate(violation: string): HeaderOutcome {
    this.violation = violation
    return HeaderOutcome.Violation
  }
}

const NON_MINIMAL = 'The peer encoded a payload length in more bytes than needed'
