import { expect, test } from 'vitest';
import { readSite } from '../../../dev/demo/stage.ts';
import { readSamples } from '../../../dev/lab/samples.ts';

test('the samples name all that the demo needs, with hosts in the order of the pool', async () => {
  const samples = await readSamples();
  const site = readSite(samples);
  expect(site).toMatchObject({ namespace: 'baremetal-demo', clusterName: 'demo', deployment: 'workers' });
  // More hosts than the fourth replica takes, in an order that is not the alphabet's.
  expect(site.hosts.length).toBeGreaterThan(4);
  expect(site.hosts).not.toEqual(site.hosts.toSorted());
  expect(() => readSite(samples.filter(({ kind }) => kind !== 'Cluster'))).toThrow('config/samples has no Cluster');
});
