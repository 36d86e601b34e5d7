import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { decodeFileContent, type HostPlanFile, UnreportedPlanError } from '../../elemental/host-plan.ts';

/** One command that ran on the host. */
export interface RecordedCommand {
  command: string;
  args: string[];
}

/** A fault for a command of the host. */
export interface CommandFault {
  /** Command, or command and first arguments: `elemental`, `cloud-init clean`. */
  step: string;
  /** How many of its next calls are hit. */
  times: number;
  /** 0 only delays and prints. Default 1. */
  exitCode?: number;
  output?: string;
  delayMs?: number;
}

/** The file system of one simulated host: a folder of this machine that stands for `/`. */
export interface HostDisk {
  root: string;
  /** Where an absolute path of the host lies on this machine; never outside of the root. */
  locate(hostPath: string): string;
  read(hostPath: string): Promise<string | undefined>;
  write(hostPath: string, content: string): Promise<void>;
  remove(hostPath: string): Promise<void>;
  /** Names in a folder; none when it does not exist. */
  list(hostPath: string): Promise<string[]>;
  /** Writes `files[]` of a plan in order. @throws UnreportedPlanError as the agent would give up */
  applyFile(file: HostPlanFile): Promise<void>;
  /** What a reboot loses; gives the host a new boot id, and says which image boots. */
  beginBoot(mode?: 'active' | 'passive'): Promise<void>;
  /** Keeps these folders on disks of their own, which a boot mounts later than the rest. */
  useOwnDisks(hostPaths: readonly string[]): void;
  /** Mounts them: the middle of a boot. */
  mountOwnDisks(): Promise<void>;
  commands(): Promise<RecordedCommand[]>;
  injectFault(fault: CommandFault): Promise<void>;
}

/** Folder of the simulator's own state, beside the host's files. */
export const simulatorFolder = '.simulator';

/** The file that says that a unit hangs: whoever runs it does nothing any more, until a reboot takes the file away. */
export function hangingUnit(unit: string): string {
  return `/run/hangs-${unit}`;
}

/** Prepares `root` as a host's file system. `volatilePaths` are emptied by each reboot. */
export async function createHostDisk(root: string, volatilePaths: readonly string[]): Promise<HostDisk> {
  const state = join(root, simulatorFolder);
  const locate = (hostPath: string): string => join(root, posix.normalize(posix.join('/', hostPath)));
  for (const folder of ['faults', 'used', 'power', 'services/stopped'])
    await mkdir(join(state, folder), { recursive: true });
  for (const folder of ['/oem', '/run', '/tmp', '/var/lib/elemental/agent', '/var/lib/cloud']) {
    await mkdir(locate(folder), { recursive: true });
  }
  const write = async (hostPath: string, content: string): Promise<void> => {
    await mkdir(dirname(locate(hostPath)), { recursive: true });
    await writeFile(locate(hostPath), content);
  };
  const ownDisks = new Set<string>();
  const contentOf = (hostPath: string): string => join(state, 'disks', encodeURIComponent(hostPath));
  const replace = async (path: string, by: string): Promise<void> => {
    await rm(path, { recursive: true, force: true });
    await mkdir(by, { recursive: true });
    await mkdir(dirname(path), { recursive: true });
    await rename(by, path);
  };
  let faults = 0;
  return {
    root,
    locate,
    write,
    read: (hostPath) => readFile(locate(hostPath), 'utf8').catch(() => undefined),
    remove: (hostPath) => rm(locate(hostPath), { recursive: true, force: true }),
    list: (hostPath) =>
      readdir(locate(hostPath)).then(
        (names) => names.toSorted(),
        () => [],
      ),
    applyFile: (file) => applyFile(locate, file),
    beginBoot: async (mode = 'active') => {
      for (const folder of ownDisks) {
        await replace(contentOf(folder), locate(folder));
        await mkdir(locate(folder), { recursive: true });
      }
      for (const folder of volatilePaths) await rm(locate(folder), { recursive: true, force: true });
      for (const folder of volatilePaths) await mkdir(locate(folder), { recursive: true });
      for (const folder of [locate('/proc'), join(state, 'pods')]) await rm(folder, { recursive: true, force: true });
      await rm(join(state, 'power/scheduled'), { force: true });
      await write(`/run/elemental/${mode}_mode`, '1');
      await write('/proc/sys/kernel/random/boot_id', `${randomUUID()}\n`);
    },
    useOwnDisks: (hostPaths) => hostPaths.forEach((hostPath) => ownDisks.add(hostPath)),
    mountOwnDisks: async () => {
      for (const folder of ownDisks) await replace(locate(folder), contentOf(folder));
    },
    commands: async () => parseCommandLog(await readFile(join(state, 'commands.log'), 'utf8').catch(() => '')),
    injectFault: async (fault) => {
      faults += 1;
      const [command = ''] = fault.step.split(' ');
      const file = join(state, 'faults', `${command}.${String(faults).padStart(4, '0')}`);
      if (fault.output !== undefined) await writeFile(`${join(state, 'outputs')}.${faults}`, fault.output);
      await writeFile(file, renderFault(fault, `${join(state, 'outputs')}.${faults}`));
    },
  };
}

async function applyFile(locate: (hostPath: string) => string, file: HostPlanFile): Promise<void> {
  // A relative one lies below the agent's working directory, which systemd makes `/`.
  const path = locate(file.path);
  const mode = file.permissions === '' ? (file.directory ? '0755' : '0600') : file.permissions;
  if (!/^0?[0-7]{3,4}$/.test(mode)) throw new UnreportedPlanError('the permissions of a file are not octal');
  const content = decodeFileContent(file.content);
  try {
    if (file.action === 'delete') {
      await rm(path, { recursive: file.directory, force: true });
      return;
    }
    await mkdir(file.directory ? path : dirname(path), { recursive: true });
    if (!file.directory) await writeFile(path, content);
    await chmod(path, Number.parseInt(mode, 8));
  } catch (error) {
    throw new UnreportedPlanError('a file could not be written', { cause: error });
  }
}

/** Shell assignments that host-commands/record.sh sources. */
function renderFault(fault: CommandFault, outputFile: string): string {
  const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
  return [
    `fault_match=${quote(fault.step)}`,
    `fault_times=${fault.times}`,
    `fault_exit_code=${fault.exitCode ?? 1}`,
    `fault_delay_seconds=${(fault.delayMs ?? 0) / 1000}`,
    `fault_output=${quote(fault.output === undefined ? '' : outputFile)}`,
    '',
  ].join('\n');
}

function parseCommandLog(log: string): RecordedCommand[] {
  return log
    .split('\u001E')
    .filter((record) => record !== '')
    .map((record) => {
      const [command = '', ...args] = record.split('\u001F');
      return { command, args };
    });
}
