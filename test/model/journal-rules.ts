import { holdsHost } from '../../domain/journal/entry.ts';
import { usesOf } from '../../domain/journal/uses.ts';
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
  /** Of each host in their order. */
  tenures: readonly Tenure[];
  /** Somebody ended the machine's run by hand: what it had not written went with it. By uid. */
  isEndedByHand: (uid: string) => boolean;
  /** Somebody damaged what stands in the API server about the host. */
  isInTrouble: (host: string) => boolean;
}

/** The journal's times are those of the runs, the others those at which a watch brought the news. */
const LAG_MS = 5_000;

/** What the journal leaves out, tells twice, or tells otherwise than it was; in words. */
export function judgeJournal(given: JournalCase): string[] {
  const { entries, tenures, isEndedByHand, isInTrouble } = given;
  const lives = [...Map.groupBy(entries, ({ machine }) => machine.uid)];
  const hosts = new Set([...entries.flatMap(({ host }) => host ?? []), ...tenures.map(({ host }) => host)]);
  return [
    ...lives.flatMap(([uid, life]) => (isEndedByHand(uid) ? [] : judgeLife(life))),
    ...[...hosts].flatMap((host) => (isInTrouble(host) ? [] : judgeUses(host, given))),
  ];
}

/** A life is told from its first moment to its last: each entry begins where the one before it ends. */
function judgeLife(entries: readonly ReadEntry[]): string[] {
  const ordered = entries.toSorted((a, b) => a.number - b.number);
  const problems: string[] = [];
  let before: ReadEntry | undefined;
  let lastNumber = 0;
  for (const entry of ordered) {
    if (entry.number === lastNumber) problems.push(`${describe(entry)}: the number is told twice`);
    lastNumber = entry.number;
    // What an operator asked for moves nothing.
    if (entry.durationMs === null) continue;
    const { from, at, durationMs } = entry;
    if (from !== (before?.to ?? null)) problems.push(`${describe(entry)}: does not follow ${before?.to ?? 'nothing'}`);
    if (before !== undefined && at - durationMs !== before.at) {
      problems.push(`${describe(entry)}: begins ${at - durationMs - before.at} ms after the one before`);
    }
    before = entry;
  }
  if (before === undefined || holdsHost(before)) problems.push(`${describe(before)}: is the last`);
  return problems;
}

/** The same machines used the host, in the same order and in the same time, as its inventory said. */
function judgeUses(host: string, { entries, tenures, isEndedByHand }: JournalCase): string[] {
  const uses = usesOf(entries.filter((entry) => entry.host === host)).filter(
    ({ machine: { uid } }) => !isEndedByHand(uid),
  );
  const seen = tenures.filter((tenure) => tenure.host === host && !isEndedByHand(tenure.uid));
  const told = uses.map(({ machine }) => machine.uid);
  const owners = seen.map(({ uid }) => uid);
  if (told.join() !== owners.join())
    return [`${host} was used by ${told.join(', ')}, and owned by ${owners.join(', ')}`];
  return uses.flatMap(({ machine, fromMs, toMs }, index) => {
    const { fromMs: ownedMs = 0, toMs: freedMs = null } = seen[index] ?? {};
    const name = `${machine.name} on ${host}`;
    return [
      ...(fromMs < ownedMs - LAG_MS ? [`${name}: used ${ownedMs - fromMs} ms before it was owned`] : []),
      ...(toMs === null ? [`${name}: the use has no end`] : []),
      ...(toMs !== null && freedMs !== null && toMs > freedMs + LAG_MS
        ? [`${name}: used ${toMs - freedMs} ms after it was free`]
        : []),
    ];
  });
}

function describe(entry: ReadEntry | undefined): string {
  if (entry === undefined) return 'no entry';
  const { machine, number, host, from, to, step, cause } = entry;
  return `${machine.name} #${number} ${from} -> ${to} on ${host} (${step}, ${cause})`;
}
