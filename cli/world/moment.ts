import { InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../../runtime/duration.ts';
import type { CliWorld } from './cli-world.ts';

const DAY_MS = 24 * 3_600_000;

/** An option that takes a day, a time, or how long ago: milliseconds since 1970. */
export function momentOption(flags: string, description: string, world: CliWorld): Option {
  return new Option(flags, `${description}: 2026-07-01, 2026-07-01T12:00Z, or how long ago, 30d or 12h`).argParser(
    (text: string) => parseMoment(text, world.now().getTime()),
  );
}

function parseMoment(text: string, nowMs: number): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const agoMs = days === undefined ? parseDurationMs(text) : Number(days) * DAY_MS;
  if (agoMs !== undefined) return nowMs - agoMs;
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw new InvalidArgumentError('It is no day, time or duration.');
  return atMs;
}
