import { resourceOf } from '../stack/manifests.ts';
import { checkOrder, checkReleased, checkRunning, type Evidence, type Fact } from './facts.ts';
import type { DemoStage } from './stage.ts';

/** A part of the demo: something is done, then facts must come true. */
export interface Chapter {
  title: string;
  act: (stage: DemoStage) => Promise<void>;
  facts: (evidence: Evidence) => Fact[];
}

const deployments = resourceOf({ apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'MachineDeployment' });

/** What the demo shows, in order. */
export const story: readonly Chapter[] = [
  {
    title: 'Apply config/samples: a pool of 5 hosts, 3 replicas',
    act: ({ lab, samples }) => lab.apply(samples),
    facts: (evidence) => [...checkRunning(evidence, 3), checkOrder(evidence)],
  },
  {
    title: 'Scale up to 4',
    act: (stage) => scale(stage, 4),
    facts: (evidence) => [...checkRunning(evidence, 4), checkOrder(evidence)],
  },
  {
    title: 'Scale down to 2: two hosts are cleaned and freed',
    act: (stage) => scale(stage, 2),
    facts: (evidence) => [...checkReleased(evidence, 2), ...checkRunning(evidence, 2)],
  },
];

async function scale({ lab, site }: DemoStage, replicas: number): Promise<void> {
  const key = { namespace: site.namespace, name: site.deployment };
  await lab.client.patch(deployments, key, { spec: { replicas } });
}
