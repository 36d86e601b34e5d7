import { describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import { machineInventories } from '../../../api/resources.ts';
import { MAX_NOTES, noteOnHost, readHostNotes } from '../../../domain/inputs/host-notes.ts';
import { viewHost } from '../../../domain/inputs/host-view.ts';
import { hostLabels } from '../../support/host-labels.ts';

const NOW = new Date('2026-07-01T00:00:00Z');
const LATER = new Date(NOW.getTime() + 60_000);

function hostWith(notes: Readonly<Record<string, string>>, uid = 'h-uid') {
  const metadata = { namespace: 'ns', name: 'h', uid, resourceVersion: '1', annotations: notes };
  const kind = { apiVersion: 'elemental.cattle.io/v1beta1', kind: 'MachineInventory' };
  return viewHost(machineInventories.schema.parse({ ...kind, metadata, spec: {} }), hostLabels);
}

const joined = noteOnHost(hostWith({}), { step: 'join', to: 'Available', pool: 'racks', cause: 'Observed' }, NOW);

describe('notes of what was done to a host', () => {
  it('say where it came from, and are read from the annotation', () => {
    const host = hostWith({ ...joined, [annotations.pool]: 'racks', [annotations.allocationState]: 'Available' });
    const asked = { step: 'quarantine', to: 'Quarantined', cause: 'Operator', actor: 'operation annotation' } as const;
    const noted = hostWith(noteOnHost(host, asked, new Date(NOW.getTime() + 5)));
    expect(readHostNotes(noted, LATER)).toEqual([
      { at: NOW.getTime(), step: 'join', from: 'Unavailable', to: 'Available', cause: 'Observed', pool: 'racks' },
      { at: NOW.getTime() + 5, from: 'Available', pool: 'racks', ...asked },
    ]);
  });

  it('each have a time of their own, also when the clock was set back', () => {
    const later = new Date(NOW.getTime() - 60_000);
    const twice = noteOnHost(hostWith(joined), { step: 'validate', cause: 'Operator' }, later);
    expect(readHostNotes(hostWith(twice), LATER).map(({ at }) => at - NOW.getTime())).toEqual([0, 1]);
  });

  it('are the last ones', () => {
    let notes: Readonly<Record<string, string>> = {};
    for (let attempt = 1; attempt <= MAX_NOTES + 3; attempt += 1) {
      notes = noteOnHost(hostWith(notes), { step: 'checks', to: 'Validating', cause: 'Step', attempt }, NOW);
    }
    const kept = readHostNotes(hostWith(notes), LATER).map(({ attempt }) => attempt);
    expect(kept).toEqual(Array.from({ length: MAX_NOTES }, (_, index) => index + 4));
  });

  it('of another host of that name, or that nobody can read, are none', () => {
    expect(readHostNotes(hostWith(joined, 'another'), LATER)).toEqual([]);
    for (const text of ['', '{', '{"uid":"h-uid","notes":[{"at":-1}]}', joined[annotations.journal]?.repeat(99)]) {
      const host = hostWith({ [annotations.journal]: text ?? '' });
      expect(readHostNotes(host, LATER)).toEqual([]);
      expect(
        readHostNotes(hostWith(noteOnHost(host, { step: 'validate', cause: 'Operator' }, NOW)), LATER),
      ).toHaveLength(1);
    }
  });

  it('of a time to come are none: they would hide all that is noted until then', () => {
    const far = new Date('9999-12-31T23:59:59.999Z');
    const forged = hostWith(noteOnHost(hostWith({}), { step: 'validate', cause: 'Operator' }, far));
    expect(readHostNotes(forged, far)).toHaveLength(1);
    expect(readHostNotes(forged, NOW)).toEqual([]);
    const noted = hostWith(noteOnHost(forged, { step: 'validate', cause: 'Operator' }, NOW));
    expect(readHostNotes(noted, NOW).map(({ at }) => at)).toEqual([NOW.getTime()]);
  });

  it('are not made where they would keep the thing itself from being written', () => {
    const full = hostWith({ 'example.com/filler': 'x'.repeat(256 * 1024 - 200) });
    expect(noteOnHost(full, { step: 'join', pool: 'racks', cause: 'Observed' }, NOW)).toEqual({});
  });

  it('hold no character that a database or a log stumbles over, whatever the annotations of the host hold', () => {
    const host = hostWith({ [annotations.pool]: 'a\u0000"b' });
    const noted = noteOnHost(host, { step: 'validate', cause: 'Operator' }, NOW);
    expect(readHostNotes(hostWith(noted), LATER)).toMatchObject([{ pool: 'a??b' }]);
  });
});
