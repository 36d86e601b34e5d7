import type { Pool } from 'pg';
import { z } from 'zod';
import type { HostEntry } from '../domain/journal/host-entry.ts';

/** Columns of an entry, with the types of `json_to_recordset`. */
const columns = {
  host_uid: 'text',
  at: 'timestamptz',
  namespace: 'text',
  host: 'text',
  pool: 'text',
  machine: 'text',
  machine_uid: 'text',
  cluster: 'text',
  from_place: 'text',
  to_place: 'text',
  step: 'text',
  reason: 'text',
  cause: 'text',
  attempt: 'bigint',
  actor: 'text',
  duration_ms: 'bigint',
} as const;

const names = Object.keys(columns).join(', ');
const types = Object.entries(columns).map(([name, type]) => `${name} ${type}`);

const INSERT = `insert into ironloom.host_journal (${names})
select ${names} from json_to_recordset($1::json) as entry (${types.join(', ')})
on conflict do nothing returning host_uid, at`;

const keySchema = z.object({ host_uid: z.string(), at: z.date() });

/** Writes entries; answers those that did not stand there yet. */
export async function insertHostEntries(pool: Pool, entries: readonly HostEntry[]): Promise<HostEntry[]> {
  const { rows } = await pool.query<object>(INSERT, [JSON.stringify(entries.map(toRow))]);
  const written = new Set(rows.map((row) => keyText(keySchema.parse(row))));
  return entries.filter(({ hostUid, at }) => written.has(keyText({ host_uid: hostUid, at: new Date(at) })));
}

/** When each host's last entry was, by its uid; milliseconds since 1970. */
export async function readLastHostEntries(pool: Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<object>(
    'select host_uid, max(at) as at from ironloom.host_journal group by host_uid',
  );
  return new Map(rows.map((row) => keySchema.parse(row)).map(({ host_uid, at }) => [host_uid, at.getTime()]));
}

function keyText({ host_uid, at }: z.output<typeof keySchema>): string {
  return `${host_uid} ${at.getTime()}`;
}

function toRow({ machine, ...entry }: HostEntry): Record<keyof typeof columns, string | number | null> {
  return {
    host_uid: entry.hostUid,
    at: new Date(entry.at).toISOString(),
    namespace: entry.namespace,
    host: entry.host,
    pool: entry.pool,
    machine: machine?.name ?? null,
    machine_uid: machine?.uid ?? null,
    cluster: entry.cluster,
    from_place: entry.from,
    to_place: entry.to,
    step: entry.step,
    reason: entry.reason,
    cause: entry.cause,
    attempt: entry.attempt,
    actor: entry.actor,
    duration_ms: entry.durationMs,
  };
}

const text = z.string().nullable();
/** bigint comes as text. */
const integer = z.coerce.number().nullable();

const rowSchema = keySchema.extend({
  namespace: z.string(),
  host: z.string(),
  pool: text,
  machine: text,
  machine_uid: text,
  cluster: text,
  from_place: z.string(),
  to_place: z.string(),
  step: z.string(),
  reason: text,
  cause: z.string(),
  attempt: integer,
  actor: text,
  duration_ms: integer,
});

/** @throws ZodError when the table is not ours */
export function fromHostRow(row: unknown): HostEntry {
  const { host_uid, at, machine, machine_uid, from_place, to_place, duration_ms, ...rest } = rowSchema.parse(row);
  const { namespace } = rest;
  return {
    ...rest,
    hostUid: host_uid,
    at: at.getTime(),
    machine: machine === null || machine_uid === null ? null : { namespace, name: machine, uid: machine_uid },
    from: from_place,
    to: to_place,
    durationMs: duration_ms,
  };
}
