import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import type { HostCommandFolder } from './os/command-folder.ts';
import { type HostDisk, simulatorFolder } from './os/disk.ts';
import {
  findNodeIdentity,
  metaDataSchema,
  type NodeIdentity,
  nodeIdentitySchema,
  type ParsedSeed,
  parseSeed,
} from './node/identity.ts';

const stepSchema = z.looseObject({
  if: z.string().optional(),
  commands: z.array(z.string()).nullish(),
  files: z
    .array(z.looseObject({ path: z.string(), content: z.string().default(''), encoding: z.string().default('') }))
    .nullish(),
});
const bootConfigSchema = z.looseObject({ stages: z.record(z.string(), z.array(stepSchema).nullish()).optional() });

const stageOrder = ['rootfs', 'initramfs', 'fs', 'network', 'boot'].flatMap((stage) => [
  `${stage}.before`,
  stage,
  `${stage}.after`,
]);

/**
 * Carries out the boot stages (elemental-toolkit's yip) that lie under /oem: commands and files. The first ones run in the
 * initramfs; `fs` comes when all of fstab is mounted, and before any unit that is not early.
 */
export async function runBootStages(disk: HostDisk, commands: HostCommandFolder): Promise<void> {
  for (const stage of stageOrder) {
    if (stage === 'fs.before') await disk.mountOwnDisks();
    for (const name of (await disk.list('/oem')).filter((entry) => /\.ya?ml$/.test(entry))) {
      const config = bootConfigSchema.safeParse(parseYaml((await disk.read(`/oem/${name}`)) ?? ''));
      for (const step of config.data?.stages?.[stage] ?? []) await runBootStep(step, disk, commands);
    }
  }
}

async function runBootStep(
  step: z.infer<typeof stepSchema>,
  disk: HostDisk,
  commands: HostCommandFolder,
): Promise<void> {
  if (step.if !== undefined && !(await runShell(step.if, disk, commands))) return;
  for (const file of step.files ?? []) {
    const isBase64 = /b(?:ase)?64/.test(file.encoding);
    await disk.write(file.path, isBase64 ? Buffer.from(file.content, 'base64').toString('utf8') : file.content);
  }
  for (const command of step.commands ?? []) await runShell(command, disk, commands);
}

function parseYaml(content: string): unknown {
  try {
    return parse(content);
  } catch {
    return undefined;
  }
}

/** Runs a boot command; its failure does not stop the boot, as in yip. */
async function runShell(command: string, disk: HostDisk, commands: HostCommandFolder): Promise<boolean> {
  const env = { PATH: commands.path, IRONLOOM_ROOT: disk.root, SIMULATOR_COMMANDS: commands.scripts };
  const script = mapHostPaths(command, disk.root);
  return promisify(execFile)('/bin/sh', ['-c', script], { cwd: disk.root, env, timeout: 30_000 }).then(
    () => true,
    () => false,
  );
}

/** Puts the root before each absolute path of the host: boot stages run where IRONLOOM_ROOT is unknown. */
export function mapHostPaths(command: string, root: string): string {
  const hostPath = /(?<=^|[\s"'=:;(|&<>])\/(?=(?:boot|etc|home|oem|opt|proc|root|run|srv|tmp|usr\/local|var)\b)/g;
  return command.replaceAll(hostPath, (slash, offset: number) =>
    command.startsWith(`${root}/`, offset) ? slash : `${root}/`,
  );
}

/** Writes os-release as the image has it that boots: the one of the last upgrade, or, as a fallback, the one before. */
export async function bootImage(disk: HostDisk, mode: 'active' | 'passive'): Promise<void> {
  const upgrades = (await disk.commands()).filter(
    ({ command, args }) => command === 'elemental' && args[0] === 'upgrade',
  );
  const image = upgrades.at(mode === 'active' ? -1 : -2)?.args.at(-1) ?? 'installed';
  const tag = image === 'installed' ? 'IMAGE_TAG="2.1.0"\n' : '';
  await disk.write('/etc/os-release', `NAME="Simulated"\nID="sl-micro"\nVERSION_ID="6.1"\nIMAGE="${image}"\n${tag}`);
}

/** What cloud-init made of the seed at a boot. */
export type SeedBoot =
  /** There is none, or none that asks for a node. */
  | { kind: 'none' }
  /** The seed's instance-id is the one of the last boot: nothing runs again. */
  | { kind: 'unchanged' }
  | { kind: 'joined'; identity: NodeIdentity }
  | { kind: 'failed'; problem: string };

const seedFolders = ['/var/lib/cloud/seed/nocloud', '/var/lib/cloud/seed/nocloud-net'];
const instanceFile = '/var/lib/cloud/data/instance-id';
const kubeletConfig = '/etc/kubernetes/kubelet.conf';
const manifests = '/etc/kubernetes/manifests';
const controlPlaneManifests = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(
  (name) => `${name}.yaml`,
);

/**
 * Boots the NoCloud seed that lies on the host's disk: a new instance-id writes its files and joins by the kubeadm
 * configuration among them, unless an earlier node's state is still there (kubeadm's preflight, and stale kubelet
 * certificates, which hurt as much).
 */
export async function bootSeed(disk: HostDisk): Promise<SeedBoot> {
  for (const folder of seedFolders) {
    const userData = await disk.read(`${folder}/user-data`);
    const metaText = await disk.read(`${folder}/meta-data`);
    if (userData === undefined || metaText === undefined) continue;
    const metaData = metaDataSchema.safeParse(parseYaml(metaText));
    const instanceId = metaData.data?.['instance-id'];
    if (!metaData.success || typeof instanceId !== 'string') return failed('meta-data names no instance-id');
    if ((await disk.read(instanceFile)) === instanceId) return { kind: 'unchanged' };
    await disk.write(instanceFile, instanceId);
    if (userData.trim() === '#cloud-config') return { kind: 'none' };
    try {
      return await join(disk, parseSeed(userData, metaData.data));
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }
  return { kind: 'none' };
}

function failed(problem: string): SeedBoot {
  return { kind: 'failed', problem };
}

async function join(disk: HostDisk, seed: ParsedSeed): Promise<SeedBoot> {
  await disk.write('/etc/hostname', `${seed.hostname}\n`);
  for (const file of seed.files) await disk.write(file.path, file.content);
  const identity = findNodeIdentity(seed);
  if (identity === undefined) return failed('user-data has no kubeadm configuration');
  for (const folder of identity.controlPlane
    ? ['/var/lib/kubelet', '/var/lib/etcd']
    : ['/var/lib/kubelet', manifests]) {
    if ((await disk.list(folder)).length > 0) return failed(`kubeadm preflight: ${folder} is not empty`);
  }
  // A control plane may have static pods of its own there, like kube-vip.
  const present = (await disk.list(manifests)).filter((name) => controlPlaneManifests.includes(name));
  if (present.length > 0) return failed(`kubeadm preflight: ${manifests}/${present[0]} exists`);
  if ((await disk.read(kubeletConfig)) !== undefined) return failed(`kubeadm preflight: ${kubeletConfig} exists`);
  await disk.write(kubeletConfig, JSON.stringify(identity));
  await disk.write('/var/lib/kubelet/pki/kubelet-client-current.pem', 'simulated\n');
  await disk.write('/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db', 'simulated\n');
  if (identity.controlPlane) {
    await disk.write(`${manifests}/kube-apiserver.yaml`, 'simulated\n');
    await disk.write('/var/lib/etcd/member/snap/db', 'simulated\n');
  }
  return { kind: 'joined', identity };
}

/** As which node an earlier boot joined; undefined when its state was cleared. */
export async function readJoinedIdentity(disk: HostDisk): Promise<NodeIdentity | undefined> {
  const stored = await disk.read(kubeletConfig);
  const certificate = await disk.read('/var/lib/kubelet/pki/kubelet-client-current.pem');
  if (stored === undefined || certificate === undefined) return undefined;
  return nodeIdentitySchema.safeParse(parseYaml(stored)).data;
}

/** Starts the pods that every node has, each with the shim below which containerd runs it. */
export async function startPods(disk: HostDisk): Promise<void> {
  for (const [index, pod] of ['kube-proxy-0', 'cni-0'].entries()) {
    const pid = 1001 + index;
    await disk.write(`/${simulatorFolder}/pods/${pod}`, `${pid}\n`);
    await disk.write(`/proc/${pid}/comm`, 'containerd-shim\n');
  }
}
