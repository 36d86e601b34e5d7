import { expect, it } from 'vitest';
import { findBoot } from '../../../domain/inputs/boot-sight.ts';
import { isSamePlanSight, type PlanSight } from '../../../domain/inputs/host-trouble.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import { isSnapshot, sameSnapshot } from '../../../domain/inputs/machine-snapshot.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import { hostView, machineView } from '../../k8s-bridge/bridge-fixtures.ts';
import { snapshot } from '../life/life-fixtures.ts';

const attempt = 'reprovision-1-uid-1';
const sightOf = (rebooted: boolean, mode: string, planAttempt: string | undefined = attempt): PlanSight => ({
  foreignPlanType: undefined,
  planAttempt,
  isEmpty: false,
  boot: { rebooted, mode },
});
const owner = { uid: 'uid-1', cluster: 'c', machine: 'm', baremetalMachine: 'm' };
const plan = { attemptId: attempt, checksum: 'c' };

it.each<[string, string | undefined, PlanSight | undefined, Partial<HostView>, Partial<MachineView>]>([
  ['the new image', 'active', sightOf(true, 'active'), {}, {}],
  ['the old image', 'fallback', sightOf(true, 'passive'), {}, {}],
  ['a rescue system', undefined, sightOf(true, 'recovery'), {}, {}],
  ['nobody knows what', undefined, sightOf(true, 'unknown'), {}, {}],
  ['the boot of before', undefined, sightOf(false, 'active'), {}, {}],
  ['no Secret', undefined, undefined, {}, {}],
  ['an attempt that is not recorded', undefined, sightOf(true, 'active', 'reprovision-2-uid-1'), {}, {}],
  ["another machine's host", undefined, sightOf(true, 'active'), { owner: { ...owner, uid: 'uid-2' } }, {}],
  ['a machine that is not provisioned', undefined, sightOf(true, 'active'), {}, { provisioned: false }],
  ['a machine that goes', undefined, sightOf(true, 'active'), {}, { deleting: true }],
])('sees %s', (_, boot, sight, host, machine) => {
  const view = machineView({ uid: 'uid-1', provisioned: true, ...machine });
  expect(findBoot(view, { kind: 'found', host: hostView({ owner, plan, ...host }), plan: sight })).toBe(boot);
  expect(findBoot(view, { kind: 'missing' })).toBeUndefined();
});

it('is news of a Secret and of a snapshot', () => {
  expect(isSamePlanSight(sightOf(true, 'active'), sightOf(true, 'active'))).toBe(true);
  expect(isSamePlanSight(sightOf(true, 'active'), sightOf(true, 'passive'))).toBe(false);
  expect(isSamePlanSight(sightOf(false, 'active'), sightOf(true, 'active'))).toBe(false);
  expect(sameSnapshot(snapshot(), snapshot({ boot: 'active' }))).toBe(false);
  expect(sameSnapshot(snapshot({ boot: 'fallback' }), snapshot({ boot: 'active' }))).toBe(false);
  const second = { ...sightOf(true, 'active'), boot: { rebooted: true, mode: 'active', reboot: 2 } };
  expect(isSamePlanSight(sightOf(true, 'active'), second)).toBe(false);
  expect(sameSnapshot(snapshot({ boot: 'active' }), snapshot({ boot: 'active', rebooted: 1 }))).toBe(false);
  expect(isSnapshot({ ...snapshot(), rebooted: '1' })).toBe(false);
  expect(isSnapshot(snapshot({ boot: 'active', rebooted: 1 }))).toBe(true);
  expect(isSnapshot(snapshot({ boot: 'active' }))).toBe(true);
  expect(isSnapshot({ ...snapshot(), boot: 'backwards' })).toBe(false);
});
