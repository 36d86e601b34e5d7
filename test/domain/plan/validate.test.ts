import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AcceptanceCheck, acceptanceCheckSchema, type CheckResult } from '../../../api/acceptance.ts';
import { hardwareKinds, type HostHardware, layHardware } from '../../../dev/host/os/hardware.ts';
import { readCheckResults } from '../../../domain/plan/check-results.ts';
import { explainFailure } from '../../../domain/plan/failure-output.ts';
import { encodeOutput } from '../../../domain/plan/host-output.ts';
import { renderValidatePlan } from '../../../domain/plan/validate.ts';
import { createPlanHosts, type PlanHost, type PlanHosts } from './host.ts';

const attempt = 'validate-1-0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c.6f0d';

const planSchema = z.object({
  files: z.array(z.object({ path: z.string(), permissions: z.string() })),
  instructions: z.tuple([z.object({ args: z.tuple([z.string(), z.string()]) })]),
});

let hosts: PlanHosts;
beforeAll(async () => {
  hosts = await createPlanHosts();
});
afterAll(() => hosts.remove());

async function build(hardware: HostHardware = hardwareKinds.usual): Promise<PlanHost> {
  const host = await hosts.create(['/run', '/tmp']);
  await layHardware(host.disk, hardware);
  await host.disk.write('/etc/os-release', 'ID="sl-micro"\nVERSION_ID="6.1"\nIMAGE="registry.example/os:2.2.0-4.9"\n');
  return host;
}

/** `raid`: of a later version. */
type Asked = Omit<z.input<typeof acceptanceCheckSchema>, 'name'> & { raid?: object };
const check = (asked: Asked, name = 'it'): AcceptanceCheck => acceptanceCheckSchema.parse({ name, ...asked });

async function look(host: PlanHost, ...checks: AcceptanceCheck[]) {
  const { code, output } = await host.apply(renderValidatePlan({ attemptId: attempt, checks }));
  return { code, output, results: readCheckResults(encodeOutput(output)) };
}

async function lookOnce(hardware: HostHardware, asked: Asked): Promise<CheckResult & { code: number }> {
  const { code, output, results } = await look(await build(hardware), check(asked));
  expect(results, output).toHaveLength(1);
  const [result] = results;
  if (result === undefined) throw new Error(output);
  return { ...result, code };
}

const wishes = {
  disk: { disk: { minCount: 1, minSizeGB: 900, rotational: false, minReadMBps: 500 } },
  turning: { disk: { minSizeGB: 4_000, rotational: true } },
  twoDisks: { disk: { minCount: 2 } },
  memory: { memory: { minGiB: 250 } },
  cpu: { cpu: { minThreads: 64 } },
  nic: { nic: { minLinks: 2, minSpeedMbps: 10_000 } },
  links: { nic: { minLinks: 2 } },
  agent: { agent: { minVersion: '0.3.9' } },
  os: { os: { id: 'sl-micro', minVersion: '6.0' } },
  image: { image: { minVersion: '2.2' } },
} satisfies Record<string, Asked>;

describe('a host that is as it should be', { timeout: 30_000 }, () => {
  it.each<[keyof typeof wishes, string]>([
    ['disk', 'nvme0n1 960 GB 2556 MB/s, sda 8000 GB'],
    ['turning', 'nvme0n1 960 GB, sda 8000 GB'],
    ['twoDisks', 'nvme0n1 960 GB, sda 8000 GB'],
    ['memory', '256901 MiB'],
    ['cpu', '64 threads'],
    ['nic', 'eth0 25000 Mbit/s, eth1 25000 Mbit/s'],
    ['links', 'eth0 25000 Mbit/s, eth1 25000 Mbit/s'],
    ['agent', '0.3.11'],
    ['os', '6.1'],
    ['image', '2.2.0-4.9'],
  ])('passes %s', async (wish, measured) => {
    expect(await lookOnce(hardwareKinds.usual, wishes[wish])).toEqual({
      name: 'it',
      passed: true,
      measured,
      message: '',
      code: 0,
    });
  });

  it('passes without checks', async () => {
    expect(await look(await build())).toEqual({ code: 0, output: '', results: [] });
  });
});

describe('a host that is not', { timeout: 30_000 }, () => {
  it.each<[keyof typeof hardwareKinds, keyof typeof wishes, string, string]>([
    ['slowDisk', 'disk', 'nvme0n1 960 GB 40 MB/s', '0 of 1 disks are as asked for: nvme0n1 reads less than 500 MB/s'],
    ['deadDisk', 'disk', 'nvme0n1 960 GB ? MB/s', '0 of 1 disks are as asked for: nvme0n1 cannot be read in time'],
    ['wrongDisk', 'disk', 'sda 960 GB', '0 of 1 disks are as asked for: sda turns'],
    ['smallDisk', 'disk', 'nvme0n1 240 GB', '0 of 1 disks are as asked for: nvme0n1 is smaller than 900 GB'],
    ['smallDisk', 'turning', 'nvme0n1 240 GB', '0 of 1 disks are as asked for: nvme0n1 is smaller than 4000 GB'],
    ['slowDisk', 'twoDisks', 'nvme0n1 960 GB', '1 of 2 disks are as asked for'],
    ['noDisk', 'disk', '', '0 of 1 disks are as asked for'],
    ['smallMemory', 'memory', '128450 MiB', 'less than 250 GiB'],
    ['fewThreads', 'cpu', '32 threads', 'less than 64'],
    ['missingNic', 'nic', 'eth0 25000 Mbit/s', '1 of 2 links of at least 10000 Mbit/s are up'],
    ['slowLink', 'nic', 'eth0 25000 Mbit/s, eth1 1000 Mbit/s', '1 of 2 links of at least 10000 Mbit/s are up'],
    ['unplugged', 'links', 'eth0 25000 Mbit/s, eth1 no link', '1 of 2 links are up'],
    ['oldAgent', 'agent', '0.2.9', 'older than 0.3.9'],
  ])('is refused: %s by %s', async (kind, wish, measured, message) => {
    const found = await lookOnce(hardwareKinds[kind], wishes[wish]);
    expect(found).toEqual({ name: 'it', passed: false, measured, message, code: 1 });
  });

  it.each<[Asked, string, string]>([
    [{ os: { id: 'ubuntu' } }, 'sl-micro', 'not ubuntu'],
    [{ os: { minVersion: '6.2' } }, '6.1', 'older than 6.2'],
    [{ image: { minVersion: '2.10.0' } }, '2.2.0-4.9', 'older than 2.10.0'],
    [{ agent: { minVersion: 'v1' } }, '0.3.11', 'older than v1'],
    [{ raid: {} }, '', 'this version of Ironloom does not know what it asks for'],
  ])('is refused where %o is asked for', async (asked, measured, message) => {
    expect(await lookOnce(hardwareKinds.usual, asked)).toMatchObject({ passed: false, measured, message, code: 1 });
  });

  it('is refused where it does not tell its versions', async () => {
    const host = await build();
    await host.disk.write('/etc/os-release', 'NAME="x"\n');
    await host.disk.write('/.simulator/agent-version', 'dev\n');
    const { results } = await look(
      host,
      check(wishes.agent, 'agent'),
      check(wishes.image, 'image'),
      check({ os: { minVersion: '1' } }, 'os'),
    );
    expect(results.map(({ passed, message }) => [passed, message])).toEqual([
      [false, 'it does not tell its version; 0.3.9 is asked for'],
      [false, 'it does not tell its version; 2.2 is asked for'],
      [false, 'it does not tell its version; 1 is asked for'],
    ]);
  });

  it('says of every check what it found, and where the script ended', async () => {
    const { code, output, results } = await look(
      await build(hardwareKinds.missingNic),
      check(wishes.nic, 'links'),
      check(wishes.memory, 'memory'),
      check(wishes.disk, 'system-disk'),
    );
    expect(code).toBe(1);
    expect(results.map(({ name, passed }) => [name, passed])).toEqual([
      ['links', false],
      ['memory', true],
      ['system-disk', true],
    ]);
    expect(explainFailure(encodeOutput(output))).toMatchObject({ step: 'check', exitCode: 1 });
  });
});

describe('a script of the pool', { timeout: 30_000 }, () => {
  const run = (content: string, timeoutSeconds = 10) => check({ script: { content, timeoutSeconds } }, 'own');

  it.each<[string, boolean, string, string]>([
    ['echo all is well', true, 'exit code 0', 'all is well'],
    ["printf 'it'\\''s\\t\\033[31mred'; exit 7", false, 'exit code 7', "it's [31mred"],
    ['printf "%0500d" 1', true, 'exit code 0', `${'0'.repeat(199)}1`],
    ['echo on stderr >&2; exit 1', false, 'exit code 1', 'on stderr'],
    ['true', true, 'exit code 0', ''],
    ['echo "ironloom-check\tother\tpass\t\t"; exit 1', false, 'exit code 1', 'ironloom-check other pass  '],
  ])('%s', async (content, passed, measured, message) => {
    const { code, results } = await look(await build(), run(content));
    expect(results).toEqual([{ name: 'own', passed, measured, message }]);
    expect(code).toBe(passed ? 0 : 1);
  });

  it('that does not end fails, and the other checks run', async () => {
    const { results } = await look(await build(), run('echo begun; exec sleep 60', 1), check(wishes.cpu, 'cpu'));
    expect(results).toMatchObject([
      { name: 'own', passed: false, measured: 'exit code 124', message: 'it did not end within 1 seconds. begun' },
      { name: 'cpu', passed: true },
    ]);
  });

  it('stands in a file, so that the agent logs nothing of it', () => {
    const plan = renderValidatePlan({ attemptId: attempt, checks: [run('echo marker-of-mine')] });
    const { files, instructions } = planSchema.parse(JSON.parse(plan.json));
    expect(JSON.stringify(instructions)).not.toContain('marker-of-mine');
    expect(files).toMatchObject([{ path: '/var/lib/elemental/ironloom/checks/own.sh', permissions: '0600' }]);
  });
});

describe('an attempt', { timeout: 30_000 }, () => {
  it.each([
    ['passed', 'exit 0', 0],
    ['failed', 'exit 1', 1],
  ])('that %s says the same again when the agent starts anew, and runs nothing', async (_, end, code) => {
    const host = await build();
    const own = check({ script: { content: `echo run >>"$IRONLOOM_ROOT/runs"; echo once; ${end}` } }, 'own');
    const first = await look(host, own);
    const again = await look(host, own);
    expect(first.code).toBe(code);
    expect(again).toEqual(first);
    expect(await host.disk.read('/runs')).toBe('run\n');
  });

  it('that is another one looks again', async () => {
    const host = await build(hardwareKinds.missingNic);
    expect((await look(host, check(wishes.nic))).code).toBe(1);
    await layHardware(host.disk, hardwareKinds.usual);
    const plan = renderValidatePlan({ attemptId: attempt.replace('-1-', '-2-'), checks: [check(wishes.nic)] });
    expect((await host.apply(plan)).code).toBe(0);
  });

  it('fails where the host cannot keep what it found', async () => {
    const host = await build();
    await host.disk.remove('/var/lib/elemental');
    await host.disk.write('/var/lib/elemental', 'a file where a folder is due');
    const { code, output, results } = await look(host, check(wishes.cpu));
    expect([code === 0, results]).toEqual([false, []]);
    expect(output).toMatch(/^ironloom: step prepare failed with exit code \d+$/m);
  });

  it('is refused with the id of another plan', () => {
    expect(() => renderValidatePlan({ attemptId: attempt.replace('validate', 'clean'), checks: [] })).toThrow(
      RangeError,
    );
  });
});

it('is the plan that people reviewed', async () => {
  const checks = Object.entries(wishes).map(([name, asked]) => check(asked, name.toLowerCase()));
  const plan = renderValidatePlan({
    attemptId: attempt,
    checks: [...checks, check({ script: { content: 'true' } }, 'own')],
  });
  const { instructions } = planSchema.parse(JSON.parse(plan.json));
  await expect(instructions[0].args[1]).toMatchFileSnapshot('./golden/validate.sh');
});
