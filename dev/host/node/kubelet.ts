import { setTimeout as sleep } from 'node:timers/promises';
import type { HostDisk } from '../os/disk.ts';
import type { NodeIdentity } from './identity.ts';

/** How a kubelet reaches the workload cluster. */
export interface NodeApi {
  /** Creates the Node, or takes over one of that name. A control plane also needs what kubeadm left on the disk. */
  register(identity: NodeIdentity, disk: HostDisk): Promise<void>;
  /** Renews the Node's conditions; false when there is no such Node. */
  heartbeat(name: string): Promise<boolean>;
}

export interface HostKubelet {
  stop(): Promise<void>;
}

export interface HostKubeletOptions {
  nodes: NodeApi;
  disk: HostDisk;
  identity: NodeIdentity;
  /** From the start to the registration. */
  joinMs: number;
  heartbeatMs: number;
  /** The unit was stopped on the host: no call any more. */
  isStopped: () => boolean;
  onRegistered: () => void;
}

/**
 * A kubelet that registers its Node and keeps it Ready. A Node that is deleted under it comes back at its next
 * heartbeat (a real kubelet waits for its next start): so a host that was not cleaned is seen.
 */
export function startHostKubelet(options: HostKubeletOptions): HostKubelet {
  const ending = new AbortController();
  const { signal } = ending;
  const { disk, identity, nodes } = options;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
  const live = async (): Promise<void> => {
    await pause(options.joinMs);
    let registered = false;
    while (!signal.aborted && !options.isStopped()) {
      try {
        if (!registered || !(await nodes.heartbeat(identity.name))) {
          if (signal.aborted || options.isStopped()) return;
          await nodes.register(identity, disk);
          registered = true;
          options.onRegistered();
        }
        await pause(options.heartbeatMs);
      } catch {
        // The workload cluster is away: a kubelet goes on trying.
        await pause(Math.min(options.heartbeatMs, 1_000));
      }
    }
  };
  const ended = live();
  return {
    stop: async () => {
      ending.abort();
      await ended;
    },
  };
}
