import { describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import { machineInventories } from '../../../api/resources.ts';
import { noteOnHost } from '../../../domain/inputs/host-notes.ts';
import { type HostView, viewHost } from '../../../domain/inputs/host-view.ts';
import type { HostEntry } from '../../../domain/journal/host-entry.ts';
import { HostJournalKeeper } from '../../../k8s-bridge/hosts/journal-keeper.ts';
import { hostLabels } from '../../support/host-labels.ts';

const T0 = Date.parse('2026-07-01T00:00:00Z');

function hostOf(name: string, notes: Readonly<Record<string, string>> = {}): HostView {
  const metadata = { namespace: 'ns', name, uid: `uid-${name}`, resourceVersion: '1', annotations: notes };
  const kind = { apiVersion: 'elemental.cattle.io/v1beta1', kind: 'MachineInventory' };
  return viewHost(machineInventories.schema.parse({ ...kind, metadata, spec: {} }), hostLabels);
}

/** The host after one more check. */
function checked(host: HostView, minute: number): HostView {
  const at = new Date(T0 + minute * 60_000);
  return hostOf(host.name, noteOnHost(host, { step: 'checks', to: 'Validating', cause: 'Step', attempt: minute }, at));
}

/** A journal that may be away, and keeps what it was given. */
function createJournal() {
  const rows = new Map<string, HostEntry>();
  const journal = {
    away: false,
    sinceMs: 0,
    keys: () => [...rows.keys()].toSorted(),
    async readLast() {
      if (journal.away) throw new Error('away');
      const last = new Map<string, number>();
      for (const { hostUid, at } of rows.values()) last.set(hostUid, Math.max(at, last.get(hostUid) ?? 0));
      return last;
    },
    async write(entries: readonly HostEntry[]) {
      if (journal.away) throw new Error('away');
      for (const entry of entries) {
        const key = `${entry.hostUid} ${(entry.at - T0) / 60_000}`;
        expect(rows.has(key), 'what is written is not sent again').toBe(false);
        rows.set(key, entry);
      }
    },
  };
  return journal;
}

describe('the entries of hosts', () => {
  it('are written once, whatever else changes on the host', async () => {
    const journal = createJournal();
    const keeper = new HostJournalKeeper(journal);
    const [before, first] = [hostOf('a'), checked(hostOf('a'), 1)];
    expect(keeper.see(before, undefined)).toBe(false);
    expect(keeper.see(first, before)).toBe(true);
    expect(await keeper.write()).toEqual({});
    expect(keeper.see({ ...first }, first)).toBe(false);
    expect(keeper.see(checked(first, 2), first)).toBe(true);
    await keeper.write();
    expect(journal.keys()).toEqual(['uid-a 1', 'uid-a 2']);
  });

  it('wait on the host while the journal is away, also for the next bridge', async () => {
    const journal = createJournal();
    const keeper = new HostJournalKeeper(journal);
    const first = checked(hostOf('a'), 1);
    keeper.see(first, undefined);
    await keeper.write();
    journal.away = true;
    const third = checked(checked(first, 2), 3);
    keeper.see(third, first);
    expect((await keeper.write()).requeueAfterMs).toBeGreaterThan(0);
    const next = new HostJournalKeeper(journal);
    next.see(third, undefined);
    expect((await next.write()).requeueAfterMs).toBeGreaterThan(0);
    journal.away = false;
    await next.write();
    expect(journal.keys()).toEqual(['uid-a 1', 'uid-a 2', 'uid-a 3']);
  });

  it('of a host that is deleted before the journal is back are not lost', async () => {
    const journal = createJournal();
    const keeper = new HostJournalKeeper(journal);
    const first = checked(hostOf('a'), 1);
    journal.away = true;
    keeper.see(first, undefined);
    await keeper.write();
    keeper.see(undefined, first);
    journal.away = false;
    await keeper.write();
    expect(journal.keys()).toEqual(['uid-a 1']);
  });

  it('of before the time that the journal keeps are left alone', async () => {
    const journal = createJournal();
    journal.sinceMs = T0 + 90_000;
    const keeper = new HostJournalKeeper(journal);
    keeper.see(checked(checked(hostOf('a'), 1), 2), undefined);
    await keeper.write();
    expect(journal.keys()).toEqual(['uid-a 2']);
  });

  it('of ten thousand hosts go in parts, and all of them', async () => {
    const journal = createJournal();
    const sizes: number[] = [];
    const sink = {
      ...journal,
      write: (entries: readonly HostEntry[]) => (sizes.push(entries.length), journal.write(entries)),
    };
    const keeper = new HostJournalKeeper(sink);
    for (let index = 0; index < 10_000; index += 1) keeper.see(checked(hostOf(`h${index}`), 1), undefined);
    await keeper.write();
    expect(journal.keys()).toHaveLength(10_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(510);
  });

  it('say what is noted, and how long the host was where it was before', async () => {
    const written: HostEntry[] = [];
    const sink = {
      sinceMs: 0,
      readLast: async () => new Map(),
      write: async (entries: readonly HostEntry[]) => void written.push(...entries),
    };
    const keeper = new HostJournalKeeper(sink);
    const running = hostOf('a', {
      ...noteOnHost(hostOf('a'), { step: 'checks', to: 'Validating', cause: 'Step', attempt: 1 }, new Date(T0)),
      [annotations.allocationState]: 'Unavailable',
      [annotations.acceptance]: 'Validating',
    });
    const ended = {
      step: 'checks',
      to: 'NotAccepted',
      cause: 'HostAnswered',
      reason: 'ChecksFailed',
      attempt: 1,
    } as const;
    keeper.see(hostOf('a', noteOnHost(running, ended, new Date(T0 + 7_000))), undefined);
    await keeper.write();
    expect(written[1]).toEqual({
      hostUid: 'uid-a',
      namespace: 'ns',
      host: 'a',
      at: T0 + 7_000,
      from: 'Validating',
      ...ended,
      pool: null,
      machine: null,
      cluster: null,
      actor: null,
      durationMs: 7_000,
    });
  });
});
