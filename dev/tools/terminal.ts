/**
 * What is written there can be drawn over. A terminal that does not tell its width (`script` without one, `docker exec -t`)
 * says 0 columns: whoever counts the lines of a text by that never ends.
 */
export function canBeRedrawn(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): boolean {
  return stream.isTTY && stream.columns > 0;
}
