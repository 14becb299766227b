/** A sheet of text as CSV. Pure. */

/** What a spreadsheet would take for a formula begins with an apostrophe, as sheets that the server makes do. */
const safe = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export const csvOf = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map((cell) => quoted(safe(cell))).join(",")}\r\n`).join("");
