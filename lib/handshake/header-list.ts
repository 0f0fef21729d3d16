/**
 * Splits a list-valued header field into its items, over all lines of the field: at commas outside of double quotes, trimmed, without
 * the quotes of an item that is quoted as a whole, without empty items. Order, case and duplicates stay. Quotes within an item protect
 * its commas and stay.
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

/** Takes the quotes off a text that starts and ends with one. */
export function withoutQuotes(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}

const QUOTE = 0x22
const COMMA = 0x2c
