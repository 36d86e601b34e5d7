import type { ObjectKey } from '../../api/meta.ts';
import { type AgentTimes, realAgentTimes } from './agent/times.ts';
import type { HostCommandFolder } from './os/command-folder.ts';
import type { HostHardware } from './os/hardware.ts';
import type { NodeApi } from './node/kubelet.ts';
import type { PlanSecretApi, PlanSecretFeed } from '../elemental/plan-secret.ts';

/** Times of a host, in milliseconds. */
export interface HostTimes extends AgentTimes {
  /** What `shutdown -r +1` waits. */
  rebootDelayMs: number;
  /** From power off to a running agent. */
  bootMs: number;
  /** From the boot to the registration of the Node. */
  nodeJoinMs: number;
  heartbeatMs: number;
}

/** A real agent's times; everything about power is quick. */
export const defaultHostTimes: HostTimes = {
  ...realAgentTimes,
  rebootDelayMs: 50,
  bootMs: 20,
  nodeJoinMs: 20,
  heartbeatMs: 10_000,
};

/** What a reboot takes from every host. */
export const usualVolatilePaths: readonly string[] = ['/run', '/tmp'];
/** What it takes from one with a stock Elemental image. */
export const stockVolatilePaths: readonly string[] = [
  ...usualVolatilePaths,
  '/etc/kubernetes',
  '/var/lib/cloud',
  '/var/lib/containerd',
  '/var/lib/etcd',
];

/** One distinct plan that the host ran, in order of arrival: the host's own record. */
export interface PlanReceived {
  checksum: string;
  /** Annotation `plan.type` of ours at its first run. */
  type: string | undefined;
  attemptId: string | undefined;
  /** How often the host ran it; forced runs after a boot count. */
  runs: number;
}

export interface SimulatedHostOptions extends ObjectKey {
  /** Folder that stands for the host's `/`; kept when the host stops. */
  root: string;
  commands: HostCommandFolder;
  feed: PlanSecretFeed;
  api: PlanSecretApi;
  /** The workload cluster; without it the host joins nothing. */
  nodes?: NodeApi;
  times?: Partial<HostTimes>;
  /** What it is built of; default `hardwareKinds.usual`. */
  hardware?: HostHardware;
  /** What a reboot loses; default `usualVolatilePaths`. */
  volatilePaths?: readonly string[];
}
