/**
 * Returns pieces of JSON as applications send them, `length` bytes each. There are so many that a message never repeats
 * within the 32 KiB window of the compressor.
 */
export function sampleMessages(length: number): Buffer[] {
  const random = createRandom()
  const count = Math.max(8, Math.ceil(WINDOW / length) * 2)
  return Array.from({ length: count }, () => sampleMessage(length, random))
}

function sampleMessage(length: number, random: () => number): Buffer {
  let text = ''
  while (text.length < length) {
    const record = {
      id: random() % 1_000_000,
      user: NAMES[random() % NAMES.length],
      price: (random() % 100_000) / 100,
      at: 1_750_000_000 + (random() % 10_000_000),
      isOpen: random() % 2 === 0,
    }
    text += `${JSON.stringify(record)},`
  }
  return Buffer.from(text.slice(0, length))
}

/** A linear congruential generator with the constants of Numerical Recipes, so that every run uses the same messages. */
function createRandom(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 8
  }
}

const WINDOW = 32_768
const NAMES = ['Ada', 'Barbara', 'Claude', 'Donald', 'Edsger', 'Frances', 'Grace', 'Hedy', 'Ivan', 'John', 'Katherine', 'Linus']
