import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPods } from '../../../dev/host/boot.ts';
import { usualVolatilePaths } from '../../../dev/host/options.ts';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';
import type { RenderedPlan } from '../../../domain/plan/document.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';
import { envSchema } from '../../../runtime/env-schema.ts';
import { createPlanHosts, type PlanHosts } from './host.ts';

const uid = '0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c';
const clean = renderCleanPlan({ attemptId: `clean-1-${uid}` });
const reprovision = (attempt: number): RenderedPlan =>
  renderReprovisionPlan({ attemptId: `reprovision-${attempt}-${uid}`, userData: '', hostname: 'a', image: 'b' });
const deadlines = envSchema.parse({});

let hosts: PlanHosts;
beforeAll(async () => {
  hosts = await createPlanHosts();
});
afterAll(() => hosts.remove());

it.each([
  // Besides commands, the clean plan waits 30 s for shims.
  { name: 'clean', plan: clean, waitS: 30, deadlineMs: deadlines.IRONLOOM_CLEAN_DEADLINE },
  { name: 'reprovision', plan: reprovision(2), waitS: 0, deadlineMs: deadlines.IRONLOOM_REPROVISION_DEADLINE },
])('the $name plan ends before its deadline, however long its commands take', async ({ plan, waitS, deadlineMs }) => {
  const host = await hosts.create(usualVolatilePaths);
  await startPods(host.disk);
  // With the reboot of an earlier attempt to cancel.
  await host.apply(reprovision(1));
  const before = (await host.disk.commands()).length;
  expect((await host.apply(plan)).code).toBe(0);
  const limits = (await host.disk.commands())
    .slice(before)
    .filter(({ command }) => command === 'timeout')
    .map(({ args: [, killS, limitS] }) => Number(killS) + Number(limitS));
  expect(limits.length).toBeGreaterThan(4);
  expect(limits.reduce((sum, limit) => sum + limit, waitS) * 1000).toBeLessThan(deadlineMs);
});
