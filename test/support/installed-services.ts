import type { Service } from '../../dev/lab/services.ts';
import { readPodEnv } from './pod-env.ts';
import type { Site } from './site.ts';

/** Starts worker and bridge with the environment that a kubelet would give them by their Deployments. */
export function startInstalled(site: Site, installation: string, label: string): Promise<Service[]> {
  return Promise.all(
    (['worker', 'bridge'] as const).map(async (kind) => {
      const env = await readPodEnv(site.client, installation, `ironloom-${kind}`);
      // Many processes share this machine, and no kubelet mounts anything.
      const elsewhere = ['IRONLOOM_HEALTH_ADDRESS', 'IRONLOOM_METRICS_ADDRESS', 'IRONLOOM_SETTINGS_FOLDER'];
      const told = Object.fromEntries(Object.entries(env).filter(([name]) => !elsewhere.includes(name)));
      return site.start(kind, `${label}-${kind}`, told);
    }),
  );
}
