const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** Go's time.UnixDate in UTC, the day padded with a space: `Sun Jul  5 03:04:05 UTC 2026`. */
export function formatUnixDate(timeMs: number): string {
  const date = new Date(timeMs);
  const clock = date.toISOString().slice(11, 19);
  const day = String(date.getUTCDate()).padStart(2, ' ');
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${day} ${clock} UTC ${date.getUTCFullYear()}`;
}

/** Reads it back, in milliseconds; undefined for anything else. */
export function parseUnixDate(text: string): number | undefined {
  const match = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) UTC (\d{4})$/.exec(text);
  if (match === null) return undefined;
  const [, monthName = '', day = '', clock = '', year = ''] = match;
  const month = months.findIndex((name) => name === monthName) + 1;
  const pad = (value: string | number): string => String(value).padStart(2, '0');
  const timeMs = Date.parse(`${year}-${pad(month)}-${pad(day)}T${clock}Z`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
