import { createServer } from 'node:http';
import { once } from 'node:events';
import { afterAll, expect, it } from 'vitest';
import { findLoopbackPort, withSdkMetrics } from '../../runtime/sdk-metrics.ts';

const own = { contentType: 'text/plain', metrics: async () => 'ironloom_leader 1\n' };
const server = createServer((_, response) => response.end('temporal_num_pollers 5\n'));
afterAll(() => server.close());

it("serves the SDK's metrics after our own", async () => {
  const port = await findLoopbackPort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect(await withSdkMetrics(own, port).metrics()).toBe('ironloom_leader 1\ntemporal_num_pollers 5\n');
});

it('serves our own where the SDK serves none, or does not answer', async () => {
  expect(await withSdkMetrics(own, undefined).metrics()).toBe('ironloom_leader 1\n');
  expect(await withSdkMetrics(own, await findLoopbackPort()).metrics()).toBe('ironloom_leader 1\n');
});
