/** `1d 2h`, `3m 20s`, `0s`: the two largest units; '' for what is not known. */
export function tellDuration(ms: number | null): string {
  if (ms === null) return '';
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const at = units.findIndex(([, length]) => ms >= length);
  if (at === -1) return '0s';
  let left = ms;
  const parts = units.slice(at, at + 2).map(([unit, length]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}
