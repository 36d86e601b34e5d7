import { z } from 'zod';
import { type JournalEntry } from '../domain/journal/entry.ts';
import { LOOK_NUMBER } from '../domain/journal/first-look.ts';

/** Columns of an entry, with the types of `json_to_recordset`. */
const columns = {
  run_id: 'text',
  number: 'bigint',
  at: 'timestamptz',
  namespace: 'text',
  machine: 'text',
  machine_uid: 'text',
  host: 'text',
  cluster: 'text',
  pool: 'text',
  machine_group: 'text',
  image: 'text',
  from_phase: 'text',
  to_phase: 'text',
  step: 'text',
  reason: 'text',
  cause: 'text',
  attempt: 'bigint',
  actor: 'text',
  duration_ms: 'bigint',
  collapsed: 'bigint',
} as const;

const names = Object.keys(columns).join(', ');
const types = Object.entries(columns).map(([name, type]) => `${name} ${type}`);

/** One statement for any number of entries, given as JSON; one that is there already is left as it is. */
export const INSERT = `insert into ironloom.journal (${names})
select ${names} from json_to_recordset($1::json) as entry (${types.join(', ')})
on conflict do nothing`;

/** Takes away what the first looks of these runs wrote. */
export const FORGET_LOOKS = `delete from ironloom.journal where number = ${LOOK_NUMBER} and run_id = any($1)`;

export function toRow({ machine, ...entry }: JournalEntry): Record<keyof typeof columns, string | number | null> {
  return {
    run_id: entry.runId,
    number: entry.number,
    at: new Date(entry.at).toISOString(),
    namespace: machine.namespace,
    machine: machine.name,
    machine_uid: machine.uid,
    host: entry.host,
    cluster: entry.cluster,
    pool: entry.pool,
    machine_group: entry.group,
    image: entry.image,
    from_phase: entry.from,
    to_phase: entry.to,
    step: entry.step,
    reason: entry.reason,
    cause: entry.cause,
    attempt: entry.attempt,
    actor: entry.actor,
    duration_ms: entry.durationMs,
    collapsed: entry.collapsed ?? 1,
  };
}

const text = z.string().nullable();
/** bigint comes as text. */
const integer = z.coerce.number();

const rowSchema = z.object({
  run_id: z.string(),
  number: integer,
  at: z.date(),
  namespace: z.string(),
  machine: z.string(),
  machine_uid: z.string(),
  host: text,
  cluster: text,
  pool: z.string(),
  machine_group: text,
  image: text,
  from_phase: text,
  to_phase: z.string(),
  step: z.string(),
  reason: text,
  cause: z.string(),
  attempt: integer.nullable(),
  actor: text,
  duration_ms: integer.nullable(),
  collapsed: integer,
});

/** An entry as it is read: words that a later version wrote are shown as they stand. */
export type ReadEntry = Omit<JournalEntry, 'from' | 'to' | 'step' | 'reason' | 'cause'> & {
  from: string | null;
  to: string;
  step: string;
  reason: string | null;
  cause: string;
};

/** @throws ZodError when the table is not ours */
export function fromRow(row: unknown): ReadEntry {
  const { run_id, machine, machine_uid, namespace, machine_group, from_phase, to_phase, duration_ms, at, ...rest } =
    rowSchema.parse(row);
  return {
    ...rest,
    runId: run_id,
    at: at.getTime(),
    machine: { namespace, name: machine, uid: machine_uid },
    group: machine_group,
    from: from_phase,
    to: to_phase,
    durationMs: duration_ms,
  };
}
