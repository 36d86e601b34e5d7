import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Service } from '../../dev/lab/services.ts';
import { waitFor } from './wait-for.ts';

const manifest = fileURLToPath(new URL('../../config/manager/worker.yaml', import.meta.url));
const probeSchema = z.object({ httpGet: z.object({ path: z.string() }) });
const deploymentSchema = z.object({
  spec: z.object({
    replicas: z.number(),
    strategy: z.object({
      type: z.literal('RollingUpdate'),
      rollingUpdate: z.object({ maxSurge: z.number(), maxUnavailable: z.number() }),
    }),
    template: z.object({ spec: z.object({ containers: z.tuple([z.object({ readinessProbe: probeSchema })]) }) }),
  }),
});

/** What Kubernetes goes by when it rolls the worker's Deployment of the manifests. */
export interface RolloutRules {
  replicas: number;
  maxSurge: number;
  maxUnavailable: number;
  readinessPath: string;
}

export async function readRolloutRules(): Promise<RolloutRules> {
  const { spec } = deploymentSchema.parse(parse(await readFile(manifest, 'utf8')));
  const [container] = spec.template.spec.containers;
  return {
    replicas: spec.replicas,
    ...spec.strategy.rollingUpdate,
    readinessPath: container.readinessProbe.httpGet.path,
  };
}

/** Whether Kubernetes would count the Pod as ready; what it answers where it does not. */
export async function readReadiness({ url }: Service, { readinessPath }: RolloutRules): Promise<true | string> {
  const response = await fetch(url + readinessPath).catch(() => undefined);
  return response?.ok === true || ((await response?.text()) ?? 'no answer');
}

/**
 * Replaces all old Pods as the controller of Deployments does: never more Pods than replicas and surge, never an old one
 * taken away that is missed, those that are not ready first. Answers the new ones when the rollout is complete.
 */
export async function rollOut(
  rules: RolloutRules,
  old: readonly Service[],
  start: (index: number) => Promise<Service>,
  timeoutMs = 120_000,
): Promise<Service[]> {
  const left = [...old];
  const fresh: Service[] = [];
  const step = async (): Promise<boolean> => {
    if (fresh.length < rules.replicas && left.length + fresh.length < rules.replicas + rules.maxSurge) {
      fresh.push(await start(fresh.length));
      return false;
    }
    const unready = async (pods: readonly Service[]) => {
      const states = await Promise.all(pods.map((pod) => readReadiness(pod, rules)));
      return pods.filter((_pod, index) => states[index] !== true);
    };
    const freshUnready = (await unready(fresh)).length;
    const spare = left.length + fresh.length - (rules.replicas - rules.maxUnavailable) - freshUnready;
    const [worst = left[0]] = await unready(left);
    if (spare > 0 && worst !== undefined) {
      left.splice(left.indexOf(worst), 1);
      await worst.stop();
      return false;
    }
    return left.length === 0 && fresh.length === rules.replicas && freshUnready === 0;
  };
  const describe = async () => ({
    old: left.map(({ name }) => name),
    fresh: await Promise.all(fresh.map(async (pod) => [pod.name, await readReadiness(pod, rules)])),
  });
  await waitFor('the rollout is complete', step, describe, { timeoutMs });
  return fresh;
}
