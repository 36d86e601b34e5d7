import { describe, expect, it } from 'vitest';
import { computeElementalStatus, type ElementalStatus, mayCreatePlanSecret } from '../../../dev/elemental/inventory.ts';
import { renderElementalResetPlan } from '../../../dev/elemental/reset-plan.ts';
import { parseHostPlan } from '../../../dev/elemental/host-plan.ts';
import { toValue } from '../../../dev/elemental/plan-secret.ts';

const early = '2026-11-22T10:00:00Z';
const late = '2026-11-22T11:00:00Z';

function compute(previous: ElementalStatus | undefined, texts: Record<string, string> | undefined, nowIso = late) {
  const data = texts && Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, toValue(text)]));
  return computeElementalStatus(previous, { namespace: 'ns', name: 'host-1', data }, nowIso);
}
function ready(status: ElementalStatus): string {
  const found = status.conditions.find(({ type }) => type === 'Ready');
  return `${found?.status}/${found?.reason}`;
}

describe('computeElementalStatus', () => {
  it('knows only that something was applied, not what', () => {
    const status = compute(undefined, { plan: '{}', 'applied-checksum': 'of-another-plan', 'failed-checksum': 'x' });
    expect(ready(status)).toBe('True/PlanSuccessfullyApplied');
    expect(status.plan).toEqual({
      secretRef: { namespace: 'ns', name: 'host-1' },
      state: 'Applied',
      checksum: 'of-another-plan',
    });
  });

  it('is Failed from the first failure on', () => {
    const status = compute(undefined, { 'applied-checksum': '', 'failed-checksum': 'f', 'max-failures': '9' });
    expect(ready(status)).toBe('False/PlanFailure');
    expect(status.plan).toMatchObject({ state: 'Failed', checksum: 'f' });
  });

  it('keeps state and checksum of the plan before while a new one runs', () => {
    const before = compute(undefined, { 'applied-checksum': 'a' });
    const running = compute(before, { plan: 'new', 'applied-checksum': '', 'failed-checksum': '' });
    expect(ready(running)).toBe('False/WaitingForPlan');
    expect(running.plan).toMatchObject({ state: 'Applied', checksum: 'a' });
  });

  it('fails, and never makes the Secret again, when it was deleted', () => {
    expect(mayCreatePlanSecret(undefined)).toBe(true);
    const gone = compute(compute(undefined, { plan: '{}' }), undefined);
    expect(ready(gone)).toBe('False/PlanFailure');
    expect(mayCreatePlanSecret(gone)).toBe(false);
  });

  it('changes a transition time only with its status, and leaves foreign conditions alone', () => {
    const foreign = { type: 'Theirs', status: 'True', reason: 'X', message: '', lastTransitionTime: early } as const;
    const before = compute({ conditions: [foreign] }, { plan: '{}' }, early);
    const same = compute(before, { plan: '{}' });
    expect(same).toEqual(before);
    const applied = compute(before, { 'applied-checksum': 'a' });
    const times = Object.fromEntries(
      applied.conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    );
    expect(times).toEqual({ Ready: late, NetworkConfigReady: early, AdoptionReady: early, Theirs: early });
  });
});

describe('renderElementalResetPlan of an inventory with a network', () => {
  const metadata = { namespace: 'ns', name: 'host-1', uid: 'u', resourceVersion: '1' };
  it.each([
    [undefined, []],
    [{ configurator: 'none' }, []],
    [{ interfaces: [] }, []],
    [{ configurator: 'nmc' }, [['--debug', '--reset-network']]],
  ])('%j resets the network: %j', (network, calls) => {
    const plan = parseHostPlan(Buffer.from(renderElementalResetPlan({ metadata, spec: { network } }, early)));
    const found = plan.instructions.filter(({ command }) => command === 'elemental-register');
    expect(found.map(({ args }) => args)).toEqual(calls);
  });
});

describe('renderElementalResetPlan', () => {
  const metadata = { namespace: 'ns', name: 'host-1', uid: 'u', resourceVersion: '1' };
  it('reboots into recovery, or only leaves a time stamp on an unmanaged host', () => {
    const managed = renderElementalResetPlan({ metadata, spec: {} }, early);
    expect(managed.endsWith('\n')).toBe(true);
    expect(parseHostPlan(Buffer.from(managed)).instructions.map(({ command }) => command)).toContain('shutdown');
    const annotations = { 'elemental.cattle.io/os.unmanaged': 'true' };
    const unmanaged = parseHostPlan(
      Buffer.from(renderElementalResetPlan({ metadata: { ...metadata, annotations }, spec: {} }, early)),
    );
    expect(unmanaged.instructions).toEqual([]);
    expect(unmanaged.files.map(({ path }) => path)).toEqual(['/var/lib/elemental/.unmanaged_reset']);
  });
});
