/**
 * Splits a list-valued header field, over all its lines, into its items. A comma in double quotes does not separate items. The items are
 * trimmed, empty items are dropped, and an item that is quoted as a whole loses its quotes. Order, case and duplicates are kept.
 */
export function splitHeaderList(lines: readonly string[]): string[] {
  const items: string[] = []
  for (const line of lines) addItems(line, items)
  return items
}

function addItems(line: string, items: string[]): void {
  let start = 0
  let isQuoted = false
  for (let index = 0; index < line.length; index++) {
    const code = line.charCodeAt(index)
    if (code === QUOTE) isQuoted = !isQuoted
    else if (code === COMMA && !isQuoted) {
      addItem(line.slice(start, index), items)
      start = index + 1
    }
  }
  addItem(line.slice(start), items)
}

function addItem(text: string, items: string[]): void {
  const item = withoutQuotes(text.trim())
  if (item !== '') items.push(item)
}

/** Removes the quotes of a text that starts and ends with one. */
export function withoutQuotes(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}

const QUOTE = 0x22
const COMMA = 0x2c
