import { describe, expect, it } from 'vitest';
import { hostLabels } from '../../support/host-labels.ts';
import { annotations } from '../../../api/constants.ts';
import { machineInventories } from '../../../api/resources.ts';
import {
  boundText,
  isCutText,
  MAX_NAME,
  MAX_OPERATION,
  MAX_TOKEN,
  MAX_UID,
} from '../../../domain/inputs/bounded-text.ts';
import { viewHost } from '../../../domain/inputs/host-view.ts';
import { parseAttemptId } from '../../../domain/plan/attempt.ts';

describe('boundText', () => {
  it.each([
    ['', 3, ''],
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['üüü-\ud83d\ude00', 5, 'üüü-…'],
  ])('makes of "%s" with at most %i "%s"', (text, max, expected) => {
    expect(boundText(text, max)).toBe(expected);
  });

  it('tells a cut text from a whole one', () => {
    expect(isCutText(boundText('abcd', 3), 3)).toBe(true);
    expect(isCutText('abc', 3)).toBe(false);
    expect(isCutText('a…', 3)).toBe(false);
  });
});

describe('what a host wrote about itself', () => {
  const long = 'x'.repeat(100_000);
  const keys = [
    'pool',
    'ownerCluster',
    'ownerMachine',
    'ownerBaremetalMachine',
    'ownerUid',
    'hostPlanAttempt',
    'hostPlanChecksum',
    'failedReprovision',
    'operation',
  ] as const;
  const metadata = {
    name: 'h',
    annotations: Object.fromEntries(keys.map((key) => [annotations[key], long])),
  };
  const view = viewHost(
    machineInventories.schema.parse({ apiVersion: 'elemental.cattle.io/v1beta1', kind: 'MachineInventory', metadata }),
    hostLabels,
  );

  it('is kept in short', () => {
    const { owner, plan, pool, failedReprovision, operation } = view;
    expect([owner?.cluster, owner?.machine, owner?.baremetalMachine, pool].map((text) => text?.length)).toEqual(
      Array.from({ length: 4 }, () => MAX_NAME),
    );
    expect(owner?.uid).toHaveLength(MAX_UID);
    expect([plan?.attemptId, plan?.checksum, failedReprovision].map((text) => text?.length)).toEqual([
      MAX_TOKEN,
      MAX_TOKEN,
      MAX_TOKEN,
    ]);
    expect(operation).toHaveLength(MAX_OPERATION);
    expect(JSON.stringify(view).length).toBeLessThan(3_500);
  });

  it('keeps its meaning: the host has an owner, a plan that is none of ours, and is another pool’s', () => {
    expect(view.owner?.uid).not.toBe(long.slice(0, MAX_UID));
    expect(parseAttemptId(view.plan?.attemptId ?? '')).toBeUndefined();
    expect(view.pool).toMatch(/…$/);
  });
});
