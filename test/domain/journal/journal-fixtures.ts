import type { JournalEntry, JournalRecord } from '../../../domain/journal/entry.ts';

export function record(changes: Partial<JournalRecord> = {}): JournalRecord {
  return {
    runId: 'r',
    number: 1,
    at: 1_000,
    host: 'h',
    cluster: 'c',
    pool: 'workers',
    group: 'racks',
    image: null,
    from: 'Pending',
    to: 'Allocated',
    step: 'claim',
    reason: null,
    cause: 'Step',
    attempt: null,
    actor: null,
    durationMs: 10,
    ...changes,
  };
}

export function entry(uid: string, changes: Partial<JournalRecord> = {}): JournalEntry {
  return { ...record(changes), machine: { namespace: 'ns', name: `m-${uid}`, uid } };
}
