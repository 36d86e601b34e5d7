import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';
import { userDataLimitBytes } from '../../../domain/bootstrap/cloud-init.ts';
import { planLimitBytes, type RenderedPlan } from '../../../domain/plan/document.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';
import { shellQuote } from '../../../domain/plan/script.ts';
import { cleanSteps, reprovisionSteps } from '../../../domain/plan/steps.ts';

const planSchema = z.object({
  files: z.array(z.object({ path: z.string(), content: z.base64(), permissions: z.string() })),
  instructions: z.tuple([z.object({ name: z.string(), command: z.string(), args: z.tuple([z.string(), z.string()]) })]),
});
const stageSchema = z.tuple([z.object({ if: z.string(), commands: z.tuple([z.string()]) })]);
const bootSchema = z.object({ stages: z.object({ initramfs: stageSchema, fs: stageSchema }) });

const attempt = 'reprovision-1-0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c';
const reprovision = (more: Partial<Parameters<typeof renderReprovisionPlan>[0]> = {}): RenderedPlan =>
  renderReprovisionPlan({
    attemptId: attempt,
    userData: '#cloud-config\nhostname: "rack-1"\n',
    hostname: 'rack-1',
    image: 'registry.example/os/elemental:v1.34.1',
    ...more,
  });
const clean = renderCleanPlan({ attemptId: 'clean-1-0b7c2f6e-9a53-4a51-9a3e-0d9e7f0a1b2c' });

const mark = '/var/lib/elemental/ironloom/attempt';
const marker = '/oem/99_ironloom-cleanup.yaml';
const seed = '/var/lib/cloud/seed/nocloud';

/** A folder that stands for a host, and stubs in front of PATH that record their arguments. */
class Host {
  readonly root = mkdtempSync(join(tmpdir(), 'ironloom-plan-'));
  readonly #bin = join(this.root, '.bin');

  constructor() {
    mkdirSync(this.#bin);
    for (const name of ['cloud-init', 'elemental', 'shutdown', 'systemctl', 'crictl', 'sync']) this.#stub(name);
    this.write('/oem/keep.yaml', 'name: kept\n');
    this.boot('boot-1');
  }

  #stub(name: string): void {
    const path = join(this.#bin, name);
    const record = `printf '%s' ${name} >>"$ROOT/.calls"; for a in "$@"; do printf '\\t%s' "$a" >>"$ROOT/.calls"; done; echo >>"$ROOT/.calls"`;
    const fault = `case "${name} $* " in "$(cat "$ROOT/.fault" 2>/dev/null || echo none) "*) cat "$ROOT/.output"; exit "$(cat "$ROOT/.code")";; esac`;
    writeFileSync(path, `#!/bin/sh\nROOT=${shellQuote(this.root)}\n${record}\n${fault}\n`);
    chmodSync(path, 0o755);
  }

  boot(id: string): void {
    this.write('/proc/sys/kernel/random/boot_id', `${id}\n`);
  }

  fail(command: string, code = 3, output = 'boom\n'): void {
    writeFileSync(join(this.root, '.fault'), command);
    writeFileSync(join(this.root, '.code'), String(code));
    writeFileSync(join(this.root, '.output'), output);
  }

  /** The command says this whenever it runs. */
  chatter(command: string, output: string): void {
    appendFileSync(join(this.#bin, command), `echo ${shellQuote(output)}\n`);
  }

  heal(): void {
    rmSync(join(this.root, '.fault'));
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  read(path: string): string | undefined {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), 'utf8') : undefined;
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  /** Commands since the last call. */
  takeCalls(): string[] {
    const calls = (this.read('.calls') ?? '').trimEnd();
    rmSync(join(this.root, '.calls'), { force: true });
    return calls === '' ? [] : calls.split('\n').map((line) => line.replaceAll('\t', ' '));
  }

  /** As the agent: files first, then the instruction. */
  apply(plan: RenderedPlan): { code: number | null; output: string } {
    const { files, instructions } = planSchema.parse(JSON.parse(plan.json));
    for (const file of files) this.write(file.path, Buffer.from(file.content, 'base64').toString());
    return this.shell(instructions[0].args[1]);
  }

  shell(script: string): { code: number | null; output: string } {
    const env = { PATH: `${this.#bin}:/usr/bin:/bin`, IRONLOOM_ROOT: this.root };
    const ended = spawnSync('/bin/sh', ['-c', script], { env, cwd: this.root, encoding: 'utf8', timeout: 20_000 });
    expect(ended.stderr).toBe('');
    return { code: ended.status, output: ended.stdout };
  }

  /** As a boot does; `mount` is what comes between the stages. */
  runMarker(mount = (): void => {}): void {
    const { initramfs, fs } = bootSchema.parse(parse(this.read(marker) ?? '')).stages;
    expect(this.shell(initramfs[0].commands[0])).toEqual({ code: 0, output: '' });
    mount();
    expect(this.shell(fs[0].commands[0])).toEqual({ code: 0, output: '' });
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}

let host: Host;
beforeEach(() => {
  host = new Host();
});
afterEach(() => {
  host.remove();
});

describe('rendered plans', () => {
  it('are the plans that people reviewed', async () => {
    const full = planSchema.parse(JSON.parse(reprovision({ networkConfig: 'version: 2\n' }).json));
    await expect(full.instructions[0].args[1]).toMatchFileSnapshot('./golden/reprovision.sh');
    const [{ args, ...instruction }] = planSchema.parse(JSON.parse(clean.json)).instructions;
    await expect(args[1]).toMatchFileSnapshot('./golden/clean.sh');
    expect(instruction).toEqual({ name: 'ironloom-clean', command: '/bin/sh' });
    expect(full.files.map(({ path, permissions }) => `${path} ${permissions}`)).toEqual([
      '/var/lib/elemental/ironloom/staged/user-data 0600',
      '/var/lib/elemental/ironloom/staged/meta-data 0600',
      '/var/lib/elemental/ironloom/staged/network-config 0600',
    ]);
  });

  it('differ by attempt and are the same for the same attempt', () => {
    expect(reprovision()).toEqual(reprovision());
    const next = reprovision({ attemptId: attempt.replace('-1-', '-2-') });
    expect(next.checksum).not.toBe(reprovision().checksum);
  });

  it('hold no user-data in the script, which the agent logs', () => {
    const plan = reprovision({ userData: '#cloud-config\ntoken: s3cret\n' });
    expect(JSON.stringify(planSchema.parse(JSON.parse(plan.json)).instructions)).not.toContain('s3cret');
  });

  it('fit into a Secret with the largest parts that are let through', () => {
    const plan = reprovision({
      userData: 'x'.repeat(userDataLimitBytes),
      networkConfig: 'x'.repeat(32 * 1024),
      image: 'x'.repeat(1300),
    });
    expect(plan.json.length).toBeLessThan(planLimitBytes);
  });

  it('refuse what no host or Secret can take', () => {
    expect(() => reprovision({ attemptId: 'clean-1-x' })).toThrow(RangeError);
    expect(() => renderCleanPlan({ attemptId: attempt })).toThrow(RangeError);
    expect(() => reprovision({ userData: 'x'.repeat(700_000) })).toThrow(/too large/);
    expect(() => reprovision({ image: 'x'.repeat(70_000) })).toThrow(/too long/);
    expect(() => reprovision({ image: 'a\0b' })).toThrow(/NUL/);
  });
});

describe('the reprovision script', () => {
  it('makes a seed, upgrades, marks the attempt and schedules the reboot', () => {
    host.write('/var/lib/cloud/seed/nocloud/network-config', 'old');
    expect(host.apply(reprovision())).toEqual({ code: 0, output: '' });
    expect(host.takeCalls()).toEqual([
      'sync',
      'cloud-init clean --logs --seed',
      'elemental upgrade --reboot=false --system registry.example/os/elemental:v1.34.1',
      'sync',
      'shutdown -r +1',
    ]);
    expect(host.read(`${seed}/user-data`)).toBe('#cloud-config\nhostname: "rack-1"\n');
    expect(parse(host.read(`${seed}/meta-data`) ?? '')).toEqual({ 'instance-id': attempt, 'local-hostname': 'rack-1' });
    expect(host.has(`${seed}/network-config`)).toBe(false);
    expect(host.read(mark)).toBe(`${attempt}\nboot-1\n`);
  });

  it('schedules the reboot again in the same boot, and only tells how it booted after it', () => {
    host.apply(reprovision());
    host.takeCalls();
    const output = 'ironloom: boot boot-1 after boot-1 mode unknown image unknown\n';
    expect(host.apply(reprovision())).toEqual({ code: 0, output });
    expect(host.takeCalls()).toEqual(['shutdown -r +1']);
    host.boot('boot-2');
    host.write('/run/elemental/active_mode', '1');
    host.write('/etc/os-release', 'NAME="x y"\nIMAGE="registry.example/os:v1 ;$(id)"\n'.replace('$', '\\$'));
    const told = 'ironloom: boot boot-2 after boot-1 mode active image registry.example/os:v1id\n';
    expect(host.apply(reprovision())).toEqual({ code: 0, output: told });
    expect(host.takeCalls()).toEqual([]);
    host.write('/etc/os-release', 'IMAGE_REPO="registry.example/os"\nIMAGE_TAG="v2"\n');
    host.write('/run/elemental/passive_mode', '1');
    expect(host.apply(reprovision()).output).toContain(' mode passive image registry.example/os:v2\n');
  });

  it('leaves a reboot alone that is scheduled already, however often the agent starts', () => {
    host.apply(reprovision());
    host.takeCalls();
    host.write('/run/systemd/shutdown/scheduled', 'USEC=1\nWARN_WALL=1\nMODE=reboot\n');
    for (let start = 0; start < 3; start++) expect(host.apply(reprovision()).code).toBe(0);
    expect(host.takeCalls()).toEqual([]);
    host.write('/run/systemd/shutdown/scheduled', 'USEC=1\nMODE=poweroff\n');
    host.apply(reprovision());
    expect(host.takeCalls()).toEqual(['shutdown -r +1']);
  });

  it('runs again for a new attempt', () => {
    host.apply(reprovision({ networkConfig: 'version: 2\n' }));
    host.takeCalls();
    const next = attempt.replace('-1-', '-2-');
    expect(host.apply(reprovision({ attemptId: next })).code).toBe(0);
    // The reboot that the first attempt has scheduled must not interrupt this one.
    expect(host.takeCalls()).toMatchObject({ 0: 'shutdown -c', length: 6 });
    expect(host.read(mark)).toBe(`${next}\nboot-1\n`);
    expect(host.has(`${seed}/network-config`)).toBe(false);
  });

  const commandSteps = {
    'clean-cloud-init': 'cloud-init clean',
    upgrade: 'elemental upgrade',
    'write-cleanup-marker': 'sync',
    'schedule-reboot': 'shutdown -r',
  };
  it.each(Object.entries(commandSteps))(
    'names the failed step %s, leaves no mark and can run again',
    (step, command) => {
      host.fail(command, 7, `${'x'.repeat(200_000)}\nthe reason\n`);
      const { code, output } = host.apply(reprovision());
      expect(code).toBe(7);
      expect(output.split('\n').slice(-3)).toEqual([
        'the reason',
        `ironloom: step ${step} failed with exit code 7`,
        '',
      ]);
      expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(400);
      expect([host.has(mark), host.has(marker), host.has(`${seed}/user-data`)]).toEqual([false, false, false]);
      host.heal();
      expect(host.apply(reprovision()).code).toBe(0);
      expect(host.has(mark)).toBe(true);
    },
  );

  it('says of a failed step only what that step said', () => {
    host.chatter('elemental', 'error: 403 Forbidden');
    host.fail('shutdown -r', 1, 'Call to Reboot failed: Access denied\n');
    const { output } = host.apply(reprovision());
    expect(output).not.toContain('403');
    expect(output).toBe(
      'Call to Reboot failed: Access denied\nironloom: step schedule-reboot failed with exit code 1\n',
    );
    expect(host.read('/var/lib/elemental/ironloom/reprovision.log')).toContain('403');
  });

  it.each([
    ['prepare', '/proc/sys/kernel/random/boot_id'],
    ['stage-seed', '/var/lib/elemental/ironloom/seed'],
    ['install-seed', '/var/lib/cloud/seed'],
    ['write-cleanup-marker', '/oem'],
    ['write-mark', '/var/lib/elemental/ironloom/attempt.new/in-the-way'],
  ])('names the failed step %s when a path cannot be used', (step, path) => {
    rmSync(join(host.root, path), { recursive: true, force: true });
    // A folder where a file must be, or a file where a folder must be.
    if (step === 'stage-seed') host.write('/var/lib/elemental/ironloom/staged', 'a file');
    else if (step !== 'prepare') host.write(path, 'a file');
    const script = planSchema.parse(JSON.parse(reprovision().json)).instructions[0].args[1];
    if (step !== 'stage-seed') host.write('/var/lib/elemental/ironloom/staged/user-data', 'x');
    if (step !== 'stage-seed') host.write('/var/lib/elemental/ironloom/staged/meta-data', 'x');
    const { code, output } = host.shell(script);
    expect(code).not.toBe(0);
    expect(output.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(`^ironloom: step ${step} failed with exit code \\d+$`),
    );
    expect(host.has(mark)).toBe(false);
    expect(reprovisionSteps).toContain(step);
  });

  it('passes hostile names on as they are', () => {
    const image = `x'; touch "$IRONLOOM_ROOT/pwned"; '$(touch pwned)\`touch pwned\`\\ * -rf`;
    expect(host.apply(reprovision({ image })).code).toBe(0);
    expect(host.takeCalls()).toContain(`elemental upgrade --reboot=false --system ${image}`);
    expect(host.has('pwned')).toBe(false);
  });

  it('writes a marker that clears the node once, restores the seed and removes itself', () => {
    const folders = ['/var/lib/kubelet', '/var/lib/containerd', '/var/lib/etcd', '/etc/kubernetes'];
    const fill = (): void => folders.forEach((folder) => host.write(`${folder}/.deep/file`, 'old'));
    const left = (): boolean[] => folders.map((folder) => host.has(`${folder}/.deep`));
    host.apply(reprovision());
    const text = host.read(marker) ?? '';
    fill();
    rmSync(join(host.root, '/var/lib/cloud'), { recursive: true });
    host.runMarker();
    expect(left()).toEqual([false, false, false, false]);
    expect(host.has('/var/lib/kubelet')).toBe(true);
    expect(host.has(marker)).toBe(false);
    expect(host.read('/oem/keep.yaml')).toBe('name: kept\n');
    expect(host.read(`${seed}/user-data`)).toContain('rack-1');

    // Should /oem bring it back, the running node is not touched.
    fill();
    host.write(marker, text);
    host.runMarker();
    expect(left()).toEqual([true, true, true, true]);

    // The same attempt after a crash before its mark, in the middle of the upgrade: clears again.
    rmSync(join(host.root, mark));
    host.apply(reprovision());
    host.runMarker();
    expect(left()).toEqual([false, false, false, false]);
  });

  it('writes a marker that clears once more what is mounted later, once per attempt', () => {
    const folders = ['/var/lib/kubelet', '/var/lib/containerd', '/var/lib/etcd'];
    const fill = (): void => folders.forEach((folder) => host.write(`${folder}/member/wal`, 'old'));
    const left = (): boolean[] => folders.map((folder) => host.has(`${folder}/member`));
    host.apply(reprovision());
    const text = host.read(marker) ?? '';
    host.runMarker(fill);
    expect(left()).toEqual([false, false, false]);
    expect([host.has(marker), host.has('/var/lib/etcd')]).toEqual([false, true]);

    // The power went between the stages: no node ran, and the next boot is the first that gets to the mounts.
    rmSync(join(host.root, '/var/lib/elemental/ironloom/cleared-mounts'));
    host.write(marker, text);
    host.runMarker(fill);
    expect(left()).toEqual([false, false, false]);

    // Should /oem bring it back, the running node is not touched.
    host.write(marker, text);
    host.runMarker(fill);
    expect(left()).toEqual([true, true, true]);

    rmSync(join(host.root, mark));
    host.apply(reprovision());
    host.runMarker(fill);
    expect(left()).toEqual([false, false, false]);
  });

  it('writes a marker that makes no node of a fallback, keeps its network, and waits for the next boot', () => {
    const fill = (): void => host.write('/var/lib/kubelet/pki/old', 'old');
    host.apply(reprovision({ networkConfig: 'version: 2\n' }));
    const text = host.read(marker) ?? '';
    host.write('/run/elemental/passive_mode', '1');
    for (let boot = 0; boot < 2; boot++) {
      fill();
      host.runMarker(fill);
      expect(host.has('/var/lib/kubelet/pki')).toBe(false);
      expect(host.read(`${seed}/user-data`)).toBe('#cloud-config\n');
      expect(host.read(`${seed}/meta-data`)).toBe(`instance-id: ${attempt}-fallback\n`);
      expect(host.read(`${seed}/network-config`)).toBe('version: 2\n');
    }
    rmSync(join(host.root, '/run/elemental/passive_mode'));
    fill();
    host.runMarker(fill);
    expect(host.has('/var/lib/kubelet/pki')).toBe(false);
    expect(host.read(`${seed}/user-data`)).toContain('rack-1');
    expect(parse(host.read(`${seed}/meta-data`) ?? '')).toMatchObject({ 'instance-id': attempt });
    expect(host.has(marker)).toBe(false);

    // The image broke later, and /oem brought the marker back: the node that runs is nobody's to clear.
    fill();
    host.write(marker, text);
    host.write('/run/elemental/passive_mode', '1');
    host.runMarker();
    expect(host.has('/var/lib/kubelet/pki')).toBe(true);
  });

  it('writes a marker that leaves no seed to a fallback without a network of its own', () => {
    host.apply(reprovision());
    host.write('/run/cos/passive_mode', '1');
    host.runMarker();
    expect([host.has(`${seed}/user-data`), host.has(marker)]).toEqual([false, true]);
  });

  it('writes a marker that leaves rescue systems alone', () => {
    host.apply(reprovision());
    const { initramfs, fs } = bootSchema.parse(parse(host.read(marker) ?? '')).stages;
    const allows = (): (number | null)[] =>
      [initramfs, fs].map(([{ if: condition }]) => host.shell(condition.replaceAll('/run', `${host.root}/run`)).code);
    expect(allows()).toEqual([0, 0]);
    host.write('/run/elemental/recovery_mode', '1');
    expect(allows()).toEqual([1, 1]);
  });
});

describe('the clean script', () => {
  const calls = [
    'shutdown -c',
    'systemctl mask --runtime kubelet',
    'systemctl stop kubelet',
    'systemctl is-active containerd',
    'systemctl start containerd',
    'crictl --runtime-endpoint unix:///var/run/containerd/containerd.sock --timeout 60s rmp --all --force',
    'systemctl stop containerd',
  ];

  it('stops the node and wipes nothing, any number of times', () => {
    host.write('/var/lib/kubelet/x', 'kept');
    host.write(`${seed}/user-data`, 'kept');
    for (let run = 0; run < 2; run++) {
      expect(host.apply(clean)).toEqual({ code: 0, output: '' });
      expect(host.takeCalls()).toEqual(calls);
    }
    expect(host.read('/var/lib/kubelet/x')).toBe('kept');
    expect(host.read(`${seed}/user-data`)).toBe('kept');
  });

  it('takes back the node that a pending reboot would make', () => {
    host.apply(reprovision());
    host.takeCalls();
    expect(host.apply(clean).code).toBe(0);
    expect(host.takeCalls()[0]).toBe('shutdown -c');
    expect([host.has(marker), host.has(`${seed}/user-data`)]).toEqual([false, false]);
  });

  it.each([
    ['cancel-reboot', 'shutdown -c'],
    ['stop-kubelet', 'systemctl stop kubelet'],
    ['remove-pods', 'crictl'],
    ['stop-containerd', 'systemctl stop containerd'],
  ])('names the failed step %s', (step, command) => {
    host.fail(command, 9);
    const { code, output } = host.apply(clean);
    expect(code).toBe(9);
    expect(output.split('\n').slice(-3)).toEqual(['boom', `ironloom: step ${step} failed with exit code 9`, '']);
    expect(cleanSteps).toContain(step);
  });

  it('removes pods that outlived their containerd, and fails where it cannot', () => {
    host.write('/proc/4711/comm', 'containerd-shim\n');
    host.fail('systemctl is-active', 3, 'inactive\n');
    expect(host.apply(clean).code).toBe(0);
    expect(host.takeCalls().slice(3, 5)).toEqual(calls.slice(4, 6));
    host.fail('systemctl start', 5, 'Unit containerd.service not found.\n');
    expect(host.apply(clean)).toMatchObject({ code: 5 });
  });

  it('looks for no pods where neither containerd nor a pod runs', () => {
    host.fail('systemctl is-active', 3, 'inactive\n');
    host.write('/proc/4711/comm', 'sshd\n');
    expect(host.apply(clean).code).toBe(0);
    expect(host.takeCalls()).toEqual([...calls.slice(0, 3), ...calls.slice(6)].toSpliced(3, 0, calls[3] ?? ''));
  });

  it('cancels the reboot and stops the node on a disk that takes no log', () => {
    host.write('/var/lib/elemental/ironloom', 'no folder');
    expect(host.apply(clean).code).toBe(0);
    expect(host.takeCalls()).toEqual(calls);
  });

  it('goes on without units and pods that the host does not have', () => {
    host.fail('systemctl', 5, 'Unit kubelet.service not loaded.\n');
    expect(host.apply(clean).code).toBe(0);
    expect(host.takeCalls().filter((call) => call.startsWith('crictl'))).toEqual([]);
  });
});
