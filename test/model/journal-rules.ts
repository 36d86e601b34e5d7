import { hasLeft, holdsHost } from '../../domain/journal/entry.ts';
import { type UseEntry, usesOf } from '../../domain/journal/uses.ts';
import type { ReadEntry } from '../../journal/rows.ts';

/** A time in which an inventory named a machine as its owner, as it was seen. */
export interface Tenure {
  host: string;
  uid: string;
  /** Milliseconds since 1970. */
  fromMs: number;
  /** null: it lasts. */
  toMs: number | null;
}

/** What the journal says of machines that are gone, what was seen of their hosts, and of whom it may know less. */
export interface JournalCase {
  entries: readonly ReadEntry[];
  /** What the bridge did to hosts whose machine was gone. */
  ends: readonly UseEntry[];
  /** Of each host in their order. */
  tenures: readonly Tenure[];
  /**
   * Somebody ended the machine's run by hand: what it had not written went with it, and the run that took over knows nothing
   * of what was before. By uid.
   */
  isEndedByHand: (uid: string) => boolean;
  /** Somebody damaged what stands in the API server about the host. */
  isInTrouble: (host: string) => boolean;
  /** A machine that came back from a move had the first uid before, and has the second one now. */
  isSame: (before: string, now: string) => boolean;
}

/** The journal's times are those of the runs, the others those at which a watch brought the news. */
const LAG_MS = 5_000;

/** What the journal leaves out, tells twice, or tells otherwise than it was; in words. */
export function judgeJournal(given: JournalCase): string[] {
  const { entries, tenures, isEndedByHand, isInTrouble } = given;
  const lives = [...Map.groupBy(entries, ({ machine }) => machine.uid)];
  const hosts = new Set([...entries.flatMap(({ host }) => host ?? []), ...tenures.map(({ host }) => host)]);
  return [
    ...lives.flatMap(([uid, life]) => (isEndedByHand(uid) ? judgeParts(life) : judgeLife(withoutEchoes(life)))),
    ...[...hosts].flatMap((host) => (isInTrouble(host) ? [] : judgeUses(host, given))),
  ];
}

/**
 * Temporal's client asks once more when the answer to a start is lost: if that run has ended meanwhile, another one finds that
 * the machine is gone, and says so.
 */
function withoutEchoes(entries: readonly ReadEntry[]): ReadEntry[] {
  const runs = [...Map.groupBy(entries, ({ runId }) => runId).values()];
  const isEcho = (run: readonly ReadEntry[]): boolean =>
    run.every(({ host, to }) => host === null && (to === 'Pending' || to === 'Gone')) &&
    runs.some((other) => other !== run && other.some(({ to, at }) => hasLeft(to) && at <= (run[0]?.at ?? 0)));
  return runs.filter((run) => !isEcho(run)).flat();
}

/** A life is told from its first moment to its last. */
function judgeLife(entries: readonly ReadEntry[]): string[] {
  const ordered = entries.toSorted((a, b) => a.number - b.number);
  const moves = ordered.filter(isMove);
  const [first, last] = [moves[0], moves.at(-1)];
  return [
    ...judgeOrder(ordered),
    ...(first?.from === null ? [] : [`${describe(first)}: is the first`]),
    ...(last === undefined || holdsHost(last) ? [`${describe(last)}: is the last`] : []),
  ];
}

/** What each run told hangs together. */
function judgeParts(entries: readonly ReadEntry[]): string[] {
  const parts = Map.groupBy(entries, ({ runId }) => runId);
  return [...parts.values()].flatMap((part) => judgeOrder(part.toSorted((a, b) => a.number - b.number)));
}

/** Each entry begins where the one before it ends. */
function judgeOrder(entries: readonly ReadEntry[]): string[] {
  const twice = entries.filter(({ number }, index) => number === entries[index - 1]?.number);
  const moves = entries.filter(isMove);
  return [
    ...twice.map((entry) => `${describe(entry)}: the number is told twice`),
    ...moves.slice(1).flatMap((entry, index) => {
      const before = moves[index];
      if (before !== undefined && isAgain(before, entry)) return [];
      const { to = null, at = 0 } = before ?? {};
      const gapMs = entry.at - (entry.durationMs ?? 0) - at;
      return [
        ...(entry.from === to ? [] : [`${describe(entry)}: does not follow ${to}`]),
        ...(gapMs === 0 ? [] : [`${describe(entry)}: begins ${gapMs} ms after the one before`]),
      ];
    }),
  ];
}

/** The step that wrote the first one was lost before it could answer, and found something else when it was tried again, or nothing to tell. */
function isAgain(first: ReadEntry, second: ReadEntry): boolean {
  const beganAt = ({ at, durationMs }: ReadEntry): number => at - (durationMs ?? 0);
  return first.from === second.from && beganAt(first) === beganAt(second);
}

/** What an operator asked for moves nothing. */
function isMove({ durationMs }: ReadEntry): boolean {
  return durationMs !== null;
}

/** The same machines used the host, in the same order and in the same time, as its inventory said. */
function judgeUses(host: string, { entries, ends, tenures, isEndedByHand, isSame }: JournalCase): string[] {
  const uses = usesOf([...entries, ...ends].filter((entry) => entry.host === host));
  const seen = tenures.filter((tenure) => tenure.host === host);
  const problems: string[] = [];
  let next = 0;
  for (const { machine, fromMs, toMs } of uses) {
    const name = `${machine.name} on ${host}`;
    const index = seen.findIndex(({ uid }, at) => at >= next && uid === machine.uid);
    const tenure = seen[index];
    if (tenure === undefined) {
      if (isEndedByHand(machine.uid) && isToldTwice(seen.slice(0, next), machine.uid, fromMs)) continue;
      problems.push(`${name}: used, and never owned then`);
      continue;
    }
    problems.push(...untold(seen.slice(next, index), isEndedByHand));
    next = index + 1;
    const { toMs: freedMs } = tenure;
    const before = seen[index - 1];
    // Who comes back from a move uses its host before the inventory names it again.
    const { fromMs: ownedMs } = before !== undefined && isSame(before.uid, machine.uid) ? before : tenure;
    if (fromMs < ownedMs - LAG_MS) problems.push(`${name}: used ${ownedMs - fromMs} ms before it was owned`);
    if (isEndedByHand(machine.uid)) continue;
    if (toMs === null) problems.push(`${name}: the use has no end`);
    else if (freedMs !== null && toMs > freedMs + LAG_MS)
      problems.push(`${name}: used ${toMs - freedMs} ms after it was free`);
  }
  return [...problems, ...untold(seen.slice(next), isEndedByHand)];
}

/** A step of the run that was ended was still giving the host back when the one that follows looked: both tell of it. */
function isToldTwice(earlier: readonly Tenure[], uid: string, fromMs: number): boolean {
  return earlier.some((tenure) => tenure.uid === uid && (tenure.toMs === null || fromMs <= tenure.toMs));
}

function untold(tenures: readonly Tenure[], isEndedByHand: (uid: string) => boolean): string[] {
  return tenures
    .filter(({ uid }) => !isEndedByHand(uid))
    .map(({ uid, host }) => `${host}: nobody tells that ${uid} owned it`);
}

function describe(entry: ReadEntry | undefined): string {
  if (entry === undefined) return 'no entry';
  const { machine, number, host, from, to, step, cause } = entry;
  return `${machine.name} #${number} ${from} -> ${to} on ${host} (${step}, ${cause})`;
}
