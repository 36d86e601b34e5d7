import type { Service } from '../../dev/lab/services.ts';
import { readPodEnv } from './pod-env.ts';
import type { Site } from './site.ts';

/** Starts worker and bridge with the environment that a kubelet would give them by their Deployments. */
export function startInstalled(site: Site, installation: string, label: string): Promise<Service[]> {
  return Promise.all(
    (['worker', 'bridge'] as const).map(async (kind) => {
      const env = await readPodEnv(site.client, installation, `ironloom-${kind}`);
      // Many processes share this machine.
      const { IRONLOOM_HEALTH_ADDRESS: _health, IRONLOOM_METRICS_ADDRESS: _metrics, ...told } = env;
      return site.start(kind, `${label}-${kind}`, told);
    }),
  );
}
