import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import { createHostCommandFolder, type HostCommandFolder } from '../../../dev/host/os/command-folder.ts';
import { decodeOutputs } from '../../../dev/elemental/host-plan.ts';
import { type SimulatedHost, startSimulatedHost } from '../../../dev/host/simulated-host.ts';
import { stockVolatilePaths, usualVolatilePaths } from '../../../dev/host/options.ts';
import { checksumOf, createMemoryNodes, createMemoryPlanSecrets, freshPlan } from './memory-api.ts';
import { cleanPlan, reprovisionAttempt, reprovisionPlan, samplePlan, unmarkedReprovisionPlan } from './sample-plans.ts';

const key = { namespace: 'ns', name: 'host-1' };

describe('startSimulatedHost', () => {
  let commands: HostCommandFolder;
  let folder = '';
  let secrets = createMemoryPlanSecrets();
  let nodes = createMemoryNodes();
  let host: SimulatedHost;

  beforeAll(async () => {
    commands = await createHostCommandFolder();
  });
  afterAll(() => commands.remove());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ironloom-test-host-'));
    secrets = createMemoryPlanSecrets();
    nodes = createMemoryNodes();
    secrets.recreate(key, '{}');
    await startHost();
  });
  async function startHost(volatilePaths = usualVolatilePaths, rebootDelayMs = 60): Promise<void> {
    host = await startSimulatedHost({
      ...key,
      volatilePaths,
      root: join(folder, 'root'),
      commands,
      feed: secrets,
      api: secrets,
      nodes,
      times: { periodMs: 20, restartDelayMs: 20, heartbeatMs: 20, writeRetryMs: 2, rebootDelayMs },
    });
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf('{}'));
  }
  afterEach(async () => {
    await host.die();
    await rm(folder, { recursive: true, force: true });
  });

  const text = (name: string): string => secrets.text(key, name);
  const output = async (name: string): Promise<string> => {
    const outputs = decodeOutputs((await secrets.get(key)).data[name]);
    return Object.values(outputs)
      .map((value) => (value === null ? 'null' : Buffer.from(value, 'base64').toString()))
      .join('');
  };
  const ran = async (): Promise<string[]> =>
    (await host.disk.commands()).map(({ command, args }) => [command, ...args].join(' '));
  const send = (plan: string): void => void secrets.edit(key, freshPlan(plan));
  const settle = async (plan: string, outcome: 'applied' | 'failed'): Promise<void> => {
    send(plan);
    await expect.poll(() => text(`${outcome}-checksum`), { timeout: 5_000 }).toBe(checksumOf(plan));
  };
  const reprovision = async (attempt = 1): Promise<void> => {
    const boots = host.bootCount;
    await settle(reprovisionPlan(attempt, key.name), 'applied');
    await vi.waitUntil(() => host.bootCount === boots + 1 && host.node?.registered === true, { timeout: 5_000 });
  };

  it('reprovisions: applies, reboots once, joins as the node that the seed on its disk names', async () => {
    const plan = reprovisionPlan(1, key.name);
    secrets.edit(key, freshPlan(plan), {
      [annotations.planType]: 'reprovision',
      [annotations.planAttempt]: reprovisionAttempt(1),
    });
    await vi.waitUntil(() => nodes.registered.size === 1, { timeout: 5_000 });
    expect(nodes.registered.get('host-1')).toMatchObject({ providerId: 'baremetal:///host-1', controlPlane: false });
    expect(nodes.registered.get('host-1')?.taints).toHaveLength(1);
    expect((await ran()).filter((line) => !line.startsWith('timeout ') && line !== 'sync')).toEqual([
      'cloud-init clean --logs --seed',
      'elemental upgrade --reboot=false --system registry.example/os:v1',
      'shutdown -r +1',
    ]);
    expect(await host.disk.list('/oem')).toEqual([]);
    await expect.poll(() => host.plansReceived.at(-1)?.runs).toBe(2);
    expect(host.plansReceived.map(({ type, attemptId, checksum }) => [type, attemptId, checksum])).toEqual([
      [undefined, undefined, checksumOf('{}')],
      ['reprovision', reprovisionAttempt(1), checksumOf(plan)],
    ]);
    await expect.poll(() => text('success-count')).toBe('3');
    expect(host.bootCount).toBe(2);
  });

  it('joins although a stock image forgets the seed that was installed', async () => {
    await host.die();
    await startHost(stockVolatilePaths);
    await reprovision();
    expect(nodes.registered.get('host-1')?.providerId).toBe('baremetal:///host-1');
  });

  it('joins anew after a second reprovision only because the cleanup marker cleared the first node', async () => {
    await reprovision(1);
    expect(await host.disk.list('/var/lib/kubelet/pki')).not.toEqual([]);
    await settle(cleanPlan(1), 'applied');
    nodes.registered.clear();
    await reprovision(2);
    expect(host.joinProblem).toBeUndefined();

    const unmarked = unmarkedReprovisionPlan(3, key.name);
    const boots = host.bootCount;
    await settle(unmarked, 'applied');
    await vi.waitUntil(() => host.bootCount === boots + 1, { timeout: 5_000 });
    await vi.waitUntil(() => host.joinProblem !== undefined, { timeout: 5_000 });
    expect(host.joinProblem).toContain('/var/lib/kubelet is not empty');
  });

  it('is cleaned: pods go, the kubelet stops and does not come back, not even by a reboot', async () => {
    await reprovision();
    // The agent, which started again, has answered again: a plan that comes before would take its place.
    await expect.poll(() => text('success-count')).toBe('3');
    expect(await host.disk.list('/proc')).toHaveLength(3);
    await settle(cleanPlan(1), 'applied');
    expect(await ran()).toEqual(expect.arrayContaining(['systemctl stop kubelet', 'systemctl stop containerd']));
    expect(await host.disk.list('/proc')).toEqual(['sys']);
    expect(host.node?.running).toBe(false);
    nodes.registered.clear();
    await host.reboot();
    const beats = nodes.heartbeats;
    await expect.poll(() => text('success-count')).toBe('5');
    expect(nodes.registered.size).toBe(0);
    expect(nodes.heartbeats).toBe(beats);
  });

  it('registers again when its Node is deleted under a kubelet that was not stopped', async () => {
    await reprovision();
    nodes.registered.clear();
    await vi.waitUntil(() => nodes.registered.size === 1);
    nodes.registered.clear();
    await host.reboot();
    await vi.waitUntil(() => nodes.registered.size === 1);
    expect(host.bootCount).toBe(3);
  });

  it('reboots in the middle of a later plan unless that one cancels it', async () => {
    await settle(samplePlan('1', 'shutdown -r +1'), 'applied');
    const marker = '"$IRONLOOM_ROOT/var/lib/elemental/survived"';
    send(samplePlan('2', `if [ -e ${marker} ]; then exit 0; fi; : >${marker}; sleep 30`));
    await expect.poll(() => host.bootCount, { timeout: 5_000 }).toBe(2);
    await expect.poll(() => text('applied-checksum'), { timeout: 5_000 }).not.toBe('');
    expect(host.plansReceived.at(-1)?.runs).toBe(2);

    await settle(samplePlan('3', 'shutdown -r +1; shutdown -c'), 'applied');
    await settle(samplePlan('4', 'sleep 0.2'), 'applied');
    expect(host.bootCount).toBe(2);
  });

  it('fails the step that was told to fail, as often as told, and reports its stdout', async () => {
    await host.failStep('elemental upgrade', 1, { exitCode: 7, output: 'no space left on device\n' });
    await settle(reprovisionPlan(1, key.name), 'failed');
    expect(await output('failed-output')).toContain('no space left on device');
    expect(host.bootCount).toBe(1);
    await reprovision(2);
  });

  it('lets a delayed command run into the time-out of its plan', async () => {
    await host.failStep('elemental', 1, { exitCode: 0, delayMs: 30_000 });
    await settle(samplePlan('1', 'timeout 0.2 elemental upgrade'), 'failed');
    expect(text('failure-count')).toBe('1');
  });

  it('reports a command that is not there as null, and one that plans must not use as a failure', async () => {
    const absent = { name: 'absent', command: 'no-such-command', args: [], saveOutput: true };
    await settle(JSON.stringify({ attempt: '1', instructions: [absent] }), 'failed');
    expect(await output('failed-output')).toBe('null');
    await settle(samplePlan('2', 'exec 2>&1; docker ps'), 'failed');
    expect(await output('failed-output')).toContain('docker');
  });

  it('lets nothing leave its folder', async () => {
    await settle(samplePlan('1', `exec 2>&1; rm -rf ${folder}/elsewhere`), 'failed');
    expect(await output('failed-output')).toContain('outside of the simulated host');
    await settle(samplePlan('2', 'exec 2>&1; rm -rf "$IRONLOOM_ROOT"/../x'), 'failed');
    const escaping = { path: '/../../escaped', content: '', permissions: '0600' };
    await settle(JSON.stringify({ attempt: '3', files: [escaping] }), 'applied');
    expect(await host.disk.list('/')).toContain('escaped');
  });

  it.each([
    ['content that is no base64', { path: '/etc/x', content: 'a*' }],
    ['permissions that are not octal', { path: '/etc/x', content: '', permissions: 'rw' }],
    ['a folder in the way', { path: '/oem', content: '' }],
  ])('never reports %s', async (_, file) => {
    send(JSON.stringify({ attempt: '1', files: [file] }));
    await vi.waitUntil(() => host.plansReceived.length === 2);
    await settle(samplePlan('2', 'true'), 'applied');
    expect(text('failed-checksum')).toBe('');
    expect(text('success-count')).toBe('2');
  });

  it('saves stdout only, up to the first line of 64 KiB', async () => {
    await settle(samplePlan('1', 'echo seen; echo unseen >&2'), 'applied');
    expect(await output('applied-output')).toBe('seen\n');
    await settle(samplePlan('2', 'echo short; head -c 70000 /dev/zero | tr "\\0" x; echo; echo later'), 'applied');
    expect(await output('applied-output')).toBe('short\n');
  });

  it('captures nothing as null, and ends each line, without its carriage return', async () => {
    await settle(samplePlan('1', 'true'), 'applied');
    expect(await output('applied-output')).toBe('null');
    await settle(samplePlan('2', 'printf "a\\r\\nb\\rc\\r\\n\\nlast"'), 'applied');
    expect(await output('applied-output')).toBe('a\nb\rc\n\nlast\n');
    await settle(samplePlan('3', 'head -c 70000 /dev/zero | tr "\\0" x; exit 3'), 'failed');
    expect(await output('failed-output')).toBe('null');
  });

  it('takes base64 with line breaks, and a relative path below its working directory', async () => {
    const files = [
      { path: '/etc/broken-up', content: 'c2Vu\r\ndA==\n' },
      { path: 'etc/relative', content: '' },
    ];
    await settle(JSON.stringify({ attempt: '1', files }), 'applied');
    expect(await host.disk.read('/etc/broken-up')).toBe('sent');
    expect(await host.disk.read('/etc/relative')).toBe('');
  });

  it('runs periodic instructions with the plan and when they are due, and says what came of them', async () => {
    const periodic = (name: string, script: string, more = {}) => ({
      name,
      command: '/bin/sh',
      args: ['-c', script],
      periodSeconds: 3600,
      ...more,
    });
    const note = 'echo x >>"$IRONLOOM_ROOT/var/lib/elemental/beats"';
    const periodicInstructions = [
      periodic('', note),
      periodic('beat', `${note}; echo beats; echo aside >&2`),
      periodic('broken', 'echo why >&2; exit 4', { saveStderrOutput: true }),
    ];
    await settle(JSON.stringify({ attempt: '1', periodicInstructions }), 'applied');
    const stored = gunzipSync(Buffer.from((await secrets.get(key)).data['applied-periodic-output'] ?? '', 'base64'));
    expect(JSON.parse(stored.toString())).toMatchObject({
      beat: {
        name: 'beat',
        stdout: Buffer.from('beats\n').toString('base64'),
        stderr: null,
        exitCode: 0,
        lastSuccessfulRunTime: text('last-apply-time'),
        failures: 0,
        lastFailedRunTime: '',
      },
      broken: {
        stderr: Buffer.from('why\n').toString('base64'),
        exitCode: 4,
        failures: 1,
        lastSuccessfulRunTime: '',
      },
    });
    expect(await host.disk.read('/var/lib/elemental/beats')).toBe('x\n');
    host.faults.clockOffsetMs = 3_700_000;
    await expect.poll(() => host.disk.read('/var/lib/elemental/beats')).toBe('x\nx\n');
  });

  it('probes as long as the plan stands, which changes nothing of its result', async () => {
    let code = 500;
    const server = createServer((_, response) => response.writeHead(code).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const url = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/`;
    const probes = { api: { httpGet: { url }, timeoutSeconds: 1, successThreshold: 2, failureThreshold: 2 } };
    await settle(JSON.stringify({ attempt: '1', probes }), 'applied');
    const statuses = (): unknown => JSON.parse(text('probe-statuses'));
    await expect.poll(statuses).toEqual({ api: { failureCount: 2 } });
    code = 204;
    await expect.poll(statuses).toEqual({ api: { healthy: true, successCount: 2 } });
    server.close();
    await expect.poll(statuses).toEqual({ api: { failureCount: 2 } });
    expect(text('success-count')).toBe('2');
  });

  it('reboots though its agent can write nothing and starts again and again', async () => {
    await host.die();
    await startHost(usualVolatilePaths, 1_500);
    const boots = host.bootCount;
    host.apiDownAtPut(1_000);
    send(reprovisionPlan(1, key.name));
    await expect.poll(() => host.bootCount, { timeout: 10_000 }).toBe(boots + 1);
    host.apiDownAtPut(0);
    await expect
      .poll(() => text('applied-checksum'), { timeout: 5_000 })
      .toBe(checksumOf(reprovisionPlan(1, key.name)));
    const scheduled = (await ran()).filter((line) => line === 'shutdown -r +1');
    expect(scheduled).toHaveLength(1);
  }, 20_000);

  it('ends a plan as systemd ends a unit: by SIGTERM to all of it', async () => {
    const note = '"$IRONLOOM_ROOT/var/lib/elemental/asked"';
    send(samplePlan('1', `trap ': >${note}; exit 0' TERM; : >"$IRONLOOM_ROOT/oem/begun"; sleep 30 & wait`));
    await vi.waitUntil(async () => (await host.disk.list('/oem')).includes('begun'));
    await host.die();
    expect(await host.disk.read('/var/lib/elemental/asked')).toBe('');
    expect(text('applied-checksum')).toBe('');
  });

  it('hangs for ever on a command that prints a longer line, until it is rebooted', async () => {
    send(
      samplePlan(
        '1',
        '[ ! -e "$IRONLOOM_ROOT/oem/hung" ] || exit 0; : >"$IRONLOOM_ROOT/oem/hung"; head -c 2000000 /dev/zero; exit 1',
      ),
    );
    await vi.waitUntil(async () => (await host.disk.list('/oem')).includes('hung'));
    expect(text('failed-checksum')).toBe('');
    await host.reboot();
    await expect.poll(() => text('applied-checksum')).not.toBe('');
  });

  it('waits for everybody who holds its stdout', async () => {
    const startedAt = performance.now();
    await settle(samplePlan('1', 'sleep 0.3 & exit 0'), 'applied');
    expect(performance.now() - startedAt).toBeGreaterThan(290);
  });

  it('is off when it died, and runs the plan that came meanwhile when it is powered on', async () => {
    await host.die();
    expect(host.powered).toBe(false);
    send(samplePlan('1', 'true'));
    await host.powerOn();
    await expect.poll(() => text('applied-checksum')).toBe(checksumOf(samplePlan('1', 'true')));
  });

  it('is slow when told so, and has the wrong time', async () => {
    host.slow(150);
    host.faults.clockOffsetMs = -365 * 24 * 3600 * 1000;
    const startedAt = performance.now();
    await settle(samplePlan('1', 'true'), 'applied');
    expect(performance.now() - startedAt).toBeGreaterThan(140);
    expect(text('last-apply-time')).toContain(String(new Date(Date.now() - 365 * 24 * 3600 * 1000).getUTCFullYear()));
  });
});
