const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Reads a duration in Go's notation (`90s`, `1h30m`, `250ms`) as milliseconds; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^(\d+(ms|s|m|h))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h)/g)) {
    if (unit === 'ms' || unit === 's' || unit === 'm' || unit === 'h') totalMs += Number(amount) * unitsMs[unit];
  }
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}
