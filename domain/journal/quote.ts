/** What people or catalogs wrote, as every database takes it: short, and text to its last character. */
export function quoteShort(text: string, maxLength: number): string {
  return text
    .slice(0, maxLength)
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ');
}
