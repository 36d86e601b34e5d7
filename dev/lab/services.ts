import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ManagementClusterDescription } from '../stack/management-cluster.ts';
import { findFreePorts } from '../process/ports.ts';
import { waitUntilReady } from '../process/ready.ts';
import { type ManagedProcess, startProcess } from '../process/managed-process.ts';

export type ServiceKind = 'worker' | 'bridge';

export interface ServiceOptions {
  kind: ServiceKind | 'console';
  /** Of the process and its log file. */
  name: string;
  /** Added to, or instead of, what points it at the management cluster. */
  env?: Readonly<Record<string, string>>;
  /** The program, with its arguments, that runs the process in surroundings of its own; default: none. */
  within?: readonly [string, ...string[]];
  /** Its abort kills the process while it is not ready yet. */
  signal?: AbortSignal;
}

/** A running process of this checkout. */
export interface Service extends ManagedProcess {
  /** `/healthz`, `/readyz` and `/metrics` are below it. */
  url: string;
}

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
/** As in config/manager: without limits V8 lets garbage pile up in proportion to the memory of the machine. */
const commands: Record<ServiceOptions['kind'], readonly string[]> = {
  worker: ['--expose-gc', '--max-semi-space-size=8', '--max-old-space-size=512', pathOf('../../workers/main.ts')],
  bridge: ['--expose-gc', '--max-semi-space-size=4', '--max-old-space-size=384', pathOf('../../k8s-bridge/main.ts')],
  console: [
    '--disable-warning=ExperimentalWarning',
    '--max-semi-space-size=4',
    '--max-old-space-size=192',
    pathOf('../../console/main.ts'),
  ],
};

/** Node keeps what it compiled: a process that starts again costs half as much CPU. */
const compileCache = join(tmpdir(), `ironloom-compiled-${process.getuid?.() ?? 0}`);

/** Two cores that do other things as well take their time; and what it waits for may come late. */
const READY_TIMEOUT_MS = 120_000;

/** Starts a process against a management cluster, as an installation would, and waits until it is ready. @throws ProcessNotReadyError */
export async function startService(cluster: ManagementClusterDescription, options: ServiceOptions): Promise<Service> {
  const service = await launchService(cluster, options);
  const probe = async (): Promise<boolean> => isReady(await fetch(`${service.url}/readyz`));
  const abort = (): void => void service.kill();
  options.signal?.addEventListener('abort', abort);
  try {
    await waitUntilReady(service, probe, READY_TIMEOUT_MS);
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
  return service;
}

/** The same, and does not wait for anything. */
export async function launchService(cluster: ManagementClusterDescription, options: ServiceOptions): Promise<Service> {
  const { kind, name } = options;
  const [port] = await findFreePorts(1);
  const command = [process.execPath, ...commands[kind]] as const;
  const service = startProcess({
    name,
    command: options.within === undefined ? command : [...options.within, ...command],
    logPath: join(cluster.logs, `${name}.log`),
    stopGraceSeconds: 20,
    env: {
      // The fleet map shows what the person at this machine may see.
      KUBECONFIG: kind === 'console' ? cluster.kubeconfigs.admin : cluster.kubeconfigs[kind],
      TEMPORAL_ADDRESS: cluster.temporal.address,
      TEMPORAL_NAMESPACE: cluster.temporal.namespace,
      IRONLOOM_HEALTH_ADDRESS: `127.0.0.1:${port}`,
      IRONLOOM_LEASE_NAMESPACE: 'default',
      // As in config/manager.
      ...(kind !== 'console' && { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' }),
      // Surroundings of its own may forbid to write.
      ...(options.within === undefined && { NODE_COMPILE_CACHE: compileCache }),
      ...options.env,
    },
  });
  return { ...service, url: `http://127.0.0.1:${port}` };
}

/** Where the page of a console is that was told to listen on any port of 127.0.0.1. @throws Error when it does not listen yet */
export async function readPageUrl({ logPath, name }: Service): Promise<string> {
  const port = /"port":(\d+),"msg":"The fleet map is served"/.exec(await readFile(logPath, 'utf8'))?.[1];
  if (port === undefined) throw new Error(`${name} has not said where its page is`);
  return `http://127.0.0.1:${port}`;
}

/** A bridge whose runs nobody picks up yet does all that it can: its worker may come later. */
async function isReady(response: Response): Promise<boolean> {
  const problems = (await response.text()).split('\n').filter((line) => line.startsWith('[-]'));
  return response.ok || (problems.length > 0 && problems.every((line) => line.startsWith('[-] runs:')));
}
