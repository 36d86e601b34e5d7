/** Whoever may start workflows or write objects chooses some of their words: what could deceive a terminal is replaced. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '\u{FFFD}');
}
