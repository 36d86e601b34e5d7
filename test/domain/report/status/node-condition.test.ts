import { describe, expect, it } from 'vitest';
import type { BoundHost } from '../../../../domain/life/machine-life.ts';
import type { MachineSnapshot } from '../../../../domain/inputs/machine-snapshot.ts';
import { projectStatus } from '../../../../domain/report/status/machine-status.ts';
import { at, host } from '../../life/life-fixtures.ts';

function running(nodeName: BoundHost['nodeName'], changes: Partial<MachineSnapshot> = {}, nodeJoinTimedOut = false) {
  const bound = { ...host(), ...(nodeName !== undefined && { nodeName }) };
  return at({ kind: 'running', host: bound, applied: null, nodeJoinTimedOut }, { provisioning: null, ...changes });
}

function nodeJoined(life: ReturnType<typeof running>): string | undefined {
  const found = projectStatus(life).conditions.find(({ type }) => type === 'NodeJoined');
  return found && `${found.reason}: ${found.message}`;
}

describe('NodeJoined', () => {
  const taken = { nodeNameTakenBy: 'm2' };

  it('says which Machine has the name of the Node, in time and later', () => {
    const said =
      /^NodeNameTaken: Machine m2 has a Node of the name same under which host h registers, .*nodeRegistration\.name/;
    expect(nodeJoined(running('same', taken))).toMatch(said);
    expect(nodeJoined(running('same', taken, true))).toMatch(said);
    // An adopted machine knows from the bridge only that it is taken.
    expect(nodeJoined(running(undefined, taken))).toMatch(/^NodeNameTaken: Machine m2 has a Node of the name under/);
    const joined = { machine: { name: 'm', nodeName: 'same' } };
    expect(nodeJoined(running('same', { ...taken, ...joined }))).toBe('NodeJoined: ');
  });

  it('says that the bootstrap data fixes a name which is not that of the host', () => {
    const waiting = 'WaitingForNode: The Machine has no nodeRef yet';
    expect(nodeJoined(running('fixed'))).toBe(`${waiting}; the bootstrap data names it fixed, not as its host`);
    for (const nodeName of ['h', null, undefined]) expect(nodeJoined(running(nodeName))).toBe(waiting);
    expect(nodeJoined(running('fixed', {}, true))).toMatch(/^NodeJoinTimedOut: /);
  });

  it('leaves the status the name of the Node, once the host has applied its plan', () => {
    expect(projectStatus(running('fixed'))).toMatchObject({ nodeName: 'fixed' });
    expect(projectStatus(running(null))).toMatchObject({ nodeName: null });
    expect(projectStatus(running(undefined))).not.toHaveProperty('nodeName');
    const claimed = at({ kind: 'claimed', host: { ...host(), nodeName: 'fixed' }, attempt: 1 });
    expect(projectStatus(claimed)).not.toHaveProperty('nodeName');
  });
});
