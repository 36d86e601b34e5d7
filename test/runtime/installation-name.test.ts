import { describe, expect, it } from 'vitest';
import { leaseNameOf, slotsOf } from '../../runtime/installation-name.ts';
import { DEFAULT_TASK_QUEUE } from '../../runtime/env-schema.ts';

const everything = { taskQueue: DEFAULT_TASK_QUEUE, watchNamespace: undefined, watchFilter: undefined };

describe('the name of the Lease', () => {
  it('is plain where one installation serves everything', () => {
    expect(leaseNameOf(everything)).toBe('ironloom-bridge');
    const settings = { leaseNamespace: 'metal', maxConcurrentReprovisions: 3 };
    expect(slotsOf({ ...everything, ...settings })).toEqual({
      lease: { namespace: 'metal', name: 'ironloom-slots' },
      limit: 3,
    });
  });

  it('is another one for each queue, namespace and filter', () => {
    const scopes = [
      everything,
      { ...everything, taskQueue: 'east' },
      { ...everything, watchNamespace: 'east' },
      { ...everything, watchNamespace: 'east-west' },
      { ...everything, watchFilter: 'east' },
      { ...everything, watchNamespace: 'east', watchFilter: 'west' },
      { ...everything, taskQueue: 'west', watchNamespace: 'east' },
    ];
    expect(new Set(scopes.map(leaseNameOf)).size).toBe(scopes.length);
    expect(leaseNameOf({ ...everything, watchNamespace: 'east' })).toBe(
      leaseNameOf({ ...everything, watchNamespace: 'east' }),
    );
  });

  it('is the name of an object, whatever the queue is called', () => {
    const longest = { taskQueue: 'Ä/ü'.repeat(60), watchNamespace: 'n'.repeat(63), watchFilter: 'A_b.C' };
    expect(leaseNameOf(longest)).toMatch(/^[a-z0-9-]{1,253}$/);
  });
});
