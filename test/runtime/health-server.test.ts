import { afterEach, describe, expect, it } from 'vitest';
import { startHealthServer, type HealthServer, type HealthServerOptions } from '../../runtime/health-server.ts';
import { publishInformerStats } from '../../runtime/kube/cache/informer-metrics.ts';
import { metricDefinitions } from '../../runtime/metric-definitions.ts';
import { createMetricsRegistry, createWorkqueueMetrics, publish } from '../../runtime/metrics.ts';
import { silentLogger } from './kube/fake-api-server.ts';

let server: HealthServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function ask(options: Partial<HealthServerOptions>, path: string, method = 'GET') {
  server = await startHealthServer({ address: { host: '127.0.0.1', port: 0 }, logger: silentLogger, ...options });
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return { code: response.status, text: await response.text() };
}

describe('health server', () => {
  it('is healthy without checks', async () => {
    expect(await ask({}, '/healthz')).toEqual({ code: 200, text: 'ok\n' });
  });

  it('names what is not ready, whatever the check does', async () => {
    const readiness = {
      fine: () => true,
      soon: async () => 'not synced: machines',
      plain: () => false,
      thrown: () => {
        throw new Error('broken check');
      },
    };
    const { code, text } = await ask({ readiness }, '/readyz?verbose');
    expect(code).toBe(503);
    expect(text.split('\n')).toEqual([
      '[+] fine',
      '[-] soon: not synced: machines',
      '[-] plain: failed',
      '[-] thrown: broken check',
      'not ok',
      '',
    ]);
  });

  it('does not wait for a check that hangs', async () => {
    const { code, text } = await ask({ liveness: { hung: () => new Promise<never>(() => {}) } }, '/healthz');
    expect([code, text]).toEqual([503, '[-] hung: no answer in time\nnot ok\n']);
  });

  it('shows nothing where nothing was read', async () => {
    const registry = createMetricsRegistry('test');
    let read: { labels: Record<never, string>; value: number }[] = [{ labels: {}, value: 3 }];
    publish(registry, metricDefinitions.runsMissing, () => read);
    const [shown, hidden] = [/^ironloom_runs_missing\{component="test"\} 3$/m, /^ironloom_runs_missing/m];
    expect(await registry.metrics()).toMatch(shown);
    read = [];
    expect(await registry.metrics()).not.toMatch(hidden);
  });

  it('serves metrics of queues and informers', async () => {
    const registry = createMetricsRegistry('test');
    const queue = createWorkqueueMetrics(registry)('machines');
    queue.setDepth(3);
    queue.countRetry();
    queue.observeRun(20, 'success');
    const stats = () => ({ items: 7, invalid: 1, lists: 1, watches: 2, failures: 0, handlerErrors: 0 });
    publishInformerStats(registry, { hosts: { stats } });
    const { code, text } = await ask({ metrics: registry }, '/metrics');
    expect(code).toBe(200);
    expect(text).toContain('ironloom_workqueue_depth{queue="machines",component="test"} 3');
    expect(text).toContain('ironloom_workqueue_retries_total{queue="machines",component="test"} 1');
    expect(text).toContain(
      'ironloom_workqueue_work_duration_seconds_sum{component="test",queue="machines",outcome="success"} 0.02',
    );
    expect(text).toContain('ironloom_informer_items{informer="hosts",component="test"} 7');
    expect(text).toContain('process_cpu_seconds_total');
  });

  it.each([
    ['/metrics', 'GET', 404],
    ['/secrets', 'GET', 404],
    ['/healthz', 'POST', 405],
    ['/healthz', 'HEAD', 200],
  ])('answers %s %s with %i', async (path, method, code) => {
    expect(await ask({}, path, method)).toMatchObject({ code });
  });

  it('refuses an address that is taken', async () => {
    await ask({}, '/healthz');
    const address = { host: '127.0.0.1', port: server?.port ?? 0 };
    await expect(startHealthServer({ address, logger: silentLogger })).rejects.toThrow('EADDRINUSE');
  });
});
