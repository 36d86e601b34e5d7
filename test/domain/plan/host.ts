import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { bootSeed } from '../../../dev/host/boot.ts';
import { createHostCommandFolder } from '../../../dev/host/os/command-folder.ts';
import { createHostDisk, type HostDisk, simulatorFolder } from '../../../dev/host/os/disk.ts';
import { parseHostPlan } from '../../../dev/elemental/host-plan.ts';
import type { RenderedPlan } from '../../../domain/plan/document.ts';
import { cleanupMarkerPath } from '../../../domain/plan/script.ts';

/** Commands of the scripts that change something, `rm` for each operand. */
const effects = 'rm mkdir cp mv cat find sync cloud-init elemental shutdown systemctl crictl'.split(' ');

/** Stands before such a command and keeps what is on the disk until then: what a loss of power would leave. */
const witness = `#!/bin/sh
name=\${0##*/}
keep() { set -- "$SNAPSHOTS"/*; PATH=/usr/bin:/bin cp -R "$IRONLOOM_ROOT" "$SNAPSHOTS/$#"; }
if [ "$name" != rm ]; then keep; exec "$COMMANDS/$name" "$@"; fi
flags=
for operand; do
  case $operand in -*) flags="$flags $operand" ;; *) keep; "$COMMANDS/rm" $flags "$operand" || exit ;; esac
done
`;

const stageSchema = z.tuple([z.object({ commands: z.tuple([z.string()]) })]);
const bootSchema = z.object({ stages: z.object({ initramfs: stageSchema, fs: stageSchema }) });

export interface ScriptEnd {
  code: number;
  output: string;
}

/** The disk of a host whose agent and power are the test's. */
export interface PlanHost {
  disk: HostDisk;
  /** Every instance that cloud-init ran, with what kept it from joining. */
  readonly instances: readonly string[];
  /** As the agent: files first, then the script. */
  apply(plan: RenderedPlan): Promise<ScriptEnd>;
  /** Up to cloud-init. */
  boot(mode?: 'active' | 'passive'): Promise<void>;
  isRebootDue(): Promise<boolean>;
  /** The same host once more, with a disk of its own. */
  copy(volatilePaths?: readonly string[]): Promise<PlanHost>;
  /** The hosts that a loss of power leaves behind, from the plan's beginning to its end; no two are alike. */
  cutOff(plan: RenderedPlan): Promise<PlanHost[]>;
  /** The same for a boot that does not get to cloud-init. */
  cutOffBoot(): Promise<PlanHost[]>;
  /** The same for hosts that are alike: the boot id, logs and what the simulator remembers do not count. */
  fingerprint(): Promise<string>;
}

export interface PlanHosts {
  create(volatilePaths: readonly string[]): Promise<PlanHost>;
  /** Folder of the commands of all of them: what is removed there is missing. */
  commands: string;
  remove(): Promise<void>;
}

/** Hosts made of the simulator's disk, commands and cloud-init. */
export async function createPlanHosts(): Promise<PlanHosts> {
  const commands = await createHostCommandFolder();
  const folder = await mkdtemp(join(tmpdir(), 'ironloom-plan-hosts-'));
  const witnesses = join(folder, 'bin');
  await mkdir(witnesses);
  await writeFile(join(folder, 'witness.sh'), witness);
  await chmod(join(folder, 'witness.sh'), 0o755);
  for (const name of effects) await symlink(join(folder, 'witness.sh'), join(witnesses, name));
  const plain = { PATH: commands.path, COMMANDS: commands.path, SIMULATOR_COMMANDS: commands.scripts };
  const watched = { ...plain, PATH: `${witnesses}:${commands.path}` };
  let count = 0;
  const newFolder = (): string => join(folder, String((count += 1)));

  const open = async (root: string, volatilePaths: readonly string[], before: readonly string[]): Promise<PlanHost> => {
    const disk = await createHostDisk(root, volatilePaths);
    const instances = [...before];
    const copy = async (paths = volatilePaths): Promise<PlanHost> => {
      const copied = newFolder();
      await cp(root, copied, { recursive: true });
      return open(copied, paths, instances);
    };
    const witnessScript = async (host: PlanHost, script: string): Promise<PlanHost[]> => {
      const snapshots = newFolder();
      await cp(host.disk.root, join(snapshots, '0'), { recursive: true });
      const ended = await runScript(script, host.disk, { ...watched, SNAPSHOTS: snapshots });
      if (ended.code !== 0) throw new Error(`The script failed: ${ended.output}`);
      const numbers = (await readdir(snapshots)).map(Number).toSorted((a, b) => a - b);
      const states = numbers.map((number) => open(join(snapshots, String(number)), volatilePaths, instances));
      return withoutTwins([...(await Promise.all(states)), host]);
    };
    return {
      disk,
      instances,
      copy,
      apply: async (plan) => runScript(await takePlan(disk, plan), disk, plain),
      boot: async (mode) => {
        await disk.beginBoot(mode);
        await runScript(await readMarker(disk, 'initramfs'), disk, plain);
        await disk.mountOwnDisks();
        await runScript(await readMarker(disk, 'fs'), disk, plain);
        instances.push(...(await bootInstance(disk)));
      },
      isRebootDue: async () => (await disk.list(`/${simulatorFolder}/power`)).includes('scheduled'),
      cutOff: async (plan) => {
        const host = await copy();
        return witnessScript(host, await takePlan(host.disk, plan));
      },
      cutOffBoot: async () => {
        const host = await copy();
        await host.disk.beginBoot();
        const stages = [await readMarker(host.disk, 'initramfs'), await readMarker(host.disk, 'fs')];
        return witnessScript(host, stages.map((stage) => `(\n${stage})`).join('\n'));
      },
      fingerprint: () => fingerprint(root),
    };
  };
  return {
    commands: commands.path,
    create: async (volatilePaths) => {
      const host = await open(newFolder(), volatilePaths, []);
      await host.disk.beginBoot();
      return host;
    },
    remove: async () => {
      await commands.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Writes a plan's files; answers its script. */
async function takePlan(disk: HostDisk, plan: RenderedPlan): Promise<string> {
  const { files, instructions } = parseHostPlan(Buffer.from(plan.json));
  for (const file of files) await disk.applyFile(file);
  return instructions[0]?.args[1] ?? '';
}

async function readMarker(disk: HostDisk, stage: 'initramfs' | 'fs'): Promise<string> {
  const marker = await disk.read(cleanupMarkerPath);
  return marker === undefined ? ':' : bootSchema.parse(parse(marker)).stages[stage][0].commands[0];
}

async function bootInstance(disk: HostDisk): Promise<string[]> {
  const seed = await bootSeed(disk);
  if (seed.kind === 'none' || seed.kind === 'unchanged') return [];
  const instance = (await disk.read('/var/lib/cloud/data/instance-id')) ?? '';
  if (seed.kind === 'failed') return [`${instance}: ${seed.problem}`];
  await disk.write('/var/lib/kubelet/pods/work', instance);
  return [instance];
}

function runScript(script: string, disk: HostDisk, environment: Record<string, string>): Promise<ScriptEnd> {
  const env = { ...environment, IRONLOOM_ROOT: disk.root };
  return new Promise((resolve) => {
    const child = execFile('/bin/sh', ['-c', script], { cwd: disk.root, env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

async function withoutTwins(hosts: readonly PlanHost[]): Promise<PlanHost[]> {
  const prints = await Promise.all(hosts.map((host) => host.fingerprint()));
  return hosts.filter((_, index) => prints.indexOf(prints[index] ?? '') === index);
}

async function fingerprint(root: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries.toSorted((a, b) =>
    `${a.parentPath}/${a.name}` < `${b.parentPath}/${b.name}` ? -1 : 1,
  )) {
    const path = join(entry.parentPath, entry.name);
    if (/\.log$|\/boot_id$|\/power\/scheduled$/.test(path)) continue;
    hash.update(path.slice(root.length)).update(entry.isDirectory() ? '/' : await readFile(path));
  }
  return hash.digest('hex');
}
