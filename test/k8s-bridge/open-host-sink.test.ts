import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { openHostSink } from '../../k8s-bridge/open-host-sink.ts';
import { createLogger } from '../../runtime/logger.ts';

const NOW = Date.parse('2026-07-01T00:00:00Z');

test('without a database each entry of a host is one line of the log, with its key', async () => {
  const lines: string[] = [];
  const destination = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
  const sink = openHostSink(undefined, createLogger({ level: 'info', component: 'bridge', destination }), NOW);
  await sink.write([
    {
      hostUid: 'uid-h',
      namespace: 'ns',
      host: 'h',
      at: NOW,
      pool: 'racks',
      machine: { namespace: 'ns', name: 'm', uid: 'uid-m' },
      cluster: 'c',
      from: 'InUse',
      to: 'Quarantined',
      step: 'quarantine',
      reason: null,
      cause: 'Operator',
      attempt: null,
      actor: 'operation annotation',
      durationMs: null,
    },
  ]);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    journal: true,
    host: 'ns/h',
    hostUid: 'uid-h',
    at: '2026-07-01T00:00:00.000Z',
    machine: 'ns/m',
    uid: 'uid-m',
    step: 'quarantine',
    to: 'Quarantined',
    component: 'bridge',
  });
});

test('a bridge that takes over writes the lines of the last two minutes again, and no older ones', () => {
  const { sinceMs } = openHostSink(undefined, createLogger({ level: 'silent', component: 'bridge' }), NOW);
  expect(NOW - sinceMs).toBe(120_000);
});
