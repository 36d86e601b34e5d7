import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { usualVolatilePaths } from '../../../dev/host/options.ts';
import { parseHostPlan } from '../../../dev/elemental/host-plan.ts';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';
import type { RenderedPlan } from '../../../domain/plan/document.ts';
import { renderRebootPlan } from '../../../domain/plan/reboot.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';
import { sampleUserData } from '../../dev/host/sample-plans.ts';
import { createPlanHosts, type PlanHost, type PlanHosts } from './host.ts';

const uid = '0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c';
const idOf = (planType: 'reprovision' | 'reboot' | 'clean', attempt: number): string =>
  attemptId({ uid, planType, attempt });
const reboot = (attempt = 1): RenderedPlan => renderRebootPlan({ attemptId: idOf('reboot', attempt) });
const reprovision = (attempt: number): RenderedPlan =>
  renderReprovisionPlan({
    attemptId: idOf('reprovision', attempt),
    userData: sampleUserData('rack-1'),
    hostname: 'rack-1',
    image: `registry.example/os:v${attempt}`,
  });
const clean = renderCleanPlan({ attemptId: idOf('clean', 1) });

let hosts: PlanHosts;
let node: PlanHost;
let host: PlanHost;
beforeAll(async () => {
  hosts = await createPlanHosts();
  node = await hosts.create(usualVolatilePaths);
  expect((await node.apply(reprovision(1))).code).toBe(0);
  await node.boot();
  expect(node.instances).toEqual([idOf('reprovision', 1)]);
});
afterAll(() => hosts.remove());
beforeEach(async () => {
  host = await node.copy();
});

/** All that a node and its workload keep on the disk. */
async function readNode({ disk }: PlanHost): Promise<(string | undefined)[]> {
  return Promise.all(
    [
      '/etc/kubernetes/kubelet.conf',
      '/var/lib/kubelet/pki/kubelet-client-current.pem',
      '/var/lib/kubelet/pods/work',
      '/var/lib/cloud/data/instance-id',
    ].map((path) => disk.read(path)),
  );
}

async function callsOf({ disk }: PlanHost): Promise<string[]> {
  return (await disk.commands())
    .filter(({ command }) => command !== 'timeout')
    .map(({ command, args }) => [command, ...args].join(' '));
}

describe('the reboot script', () => {
  it('is the one that people reviewed', async () => {
    const { files, instructions } = parseHostPlan(Buffer.from(reboot().json));
    expect([files, instructions.length]).toEqual([[], 1]);
    await expect(instructions[0]?.args[1]).toMatchFileSnapshot('./golden/reboot.sh');
  });

  it('reboots the host once, changes nothing of its node, and says from then on how it booted', async () => {
    const before = await readNode(host);
    expect(before.every((content) => content !== undefined)).toBe(true);
    const calls = await callsOf(host);
    expect(await host.apply(reboot())).toEqual({ code: 0, output: '' });
    expect((await callsOf(host)).slice(calls.length)).toEqual(['shutdown -r +1']);
    await host.boot();
    expect(await readNode(host)).toEqual(before);
    expect(host.instances).toEqual([idOf('reprovision', 1)]);
    for (let start = 0; start < 3; start++) {
      const told = await host.apply(reboot());
      expect(told).toMatchObject({ code: 0 });
      expect(told.output).toMatch(/^ironloom: boot (\S+) after (?!\1 )\S+ mode active image /);
      expect(await host.isRebootDue()).toBe(false);
    }
  });

  it('loses no reboot to an agent that starts again, and makes no second one of it', async () => {
    await host.apply(reboot());
    const { disk } = host;
    const calls = await callsOf(host);
    await disk.write('/run/systemd/shutdown/scheduled', 'MODE=reboot\n');
    expect((await host.apply(reboot())).output).toMatch(/^ironloom: boot (\S+) after \1 /);
    expect(await callsOf(host)).toEqual(calls);
    await disk.write('/run/systemd/shutdown/scheduled', 'MODE=poweroff\n');
    await host.apply(reboot());
    expect((await callsOf(host)).slice(calls.length)).toEqual(['shutdown -r +1']);
  });

  it('reboots for each attempt, also for one whose number was used before the host was provisioned anew', async () => {
    for (const attempt of [1, 2]) {
      await host.apply(reboot(attempt));
      expect(await host.isRebootDue()).toBe(true);
      await host.boot();
    }
    await host.apply(reprovision(2));
    await host.boot();
    await host.apply(reboot(2));
    expect(await host.isRebootDue()).toBe(true);
  });

  it('does not reboot a host that cannot keep the mark', async () => {
    await host.disk.write('/var/lib/elemental/ironloom/rebooted.new/in-the-way', '');
    expect(await host.apply(reboot())).toMatchObject({ code: 2 });
    expect(await host.isRebootDue()).toBe(false);
  });

  it('is called off by a clean plan', async () => {
    await host.apply(reboot());
    expect((await host.apply(clean)).code).toBe(0);
    expect(await host.isRebootDue()).toBe(false);
  });
});

it('a reboot plan has the id of a reboot attempt', () => {
  expect(() => renderRebootPlan({ attemptId: idOf('clean', 1) })).toThrow(RangeError);
});
