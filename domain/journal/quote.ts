/** What people or catalogs wrote, as every database takes it: short, and text to its last character. */
export function quoteShort(text: string, maxLength: number): string {
  return text
    .slice(0, maxLength)
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ');
}

/** The image of a plan. */
export function quoteImage(image: string): string {
  return quoteShort(image, MAX_IMAGE_LENGTH);
}

const MAX_IMAGE_LENGTH = 256;
