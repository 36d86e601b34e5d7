import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Service } from '../../dev/lab/services.ts';
import { createCertificateAuthority, type KeyPair } from '../../dev/stack/certificates.ts';
import { listOfRuns, runCliOn } from '../support/cli.ts';
import { siteTestOn } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';
import { openProductionCluster } from './cluster.ts';

// A Temporal whose frontend wants mutual TLS. Our certificates lie as a Secret of cert-manager is mounted.
const folder = await mkdtemp(join(tmpdir(), 'ironloom-mutual-tls-'));
const server = 'temporal';
const authority = await createCertificateAuthority('temporal-ca');
const fileOf = (name: string): string => join(folder, name);

async function put(name: string, { certPem, keyPem }: KeyPair): Promise<void> {
  await writeFile(fileOf(`${name}.crt`), certPem);
  await writeFile(fileOf(`${name}.key`), keyPem, { mode: 0o600 });
}

const issue = () => authority.issueClient('ironloom', 'platform');
await writeFile(fileOf('ca.crt'), authority.certPem);
await put('server', await authority.issueServer(server));
await put('tls', await issue());

const serverEnv = {
  TEMPORAL_TLS_REQUIRE_CLIENT_AUTH: 'true',
  TEMPORAL_TLS_SERVER_CA_CERT: fileOf('ca.crt'),
  TEMPORAL_TLS_SERVER_CERT: fileOf('server.crt'),
  TEMPORAL_TLS_SERVER_KEY: fileOf('server.key'),
  TEMPORAL_TLS_INTERNODE_SERVER_NAME: 'localhost',
  TEMPORAL_TLS_FRONTEND_CERT: fileOf('server.crt'),
  TEMPORAL_TLS_FRONTEND_KEY: fileOf('server.key'),
  TEMPORAL_TLS_FRONTEND_SERVER_NAME: 'localhost',
  TEMPORAL_TLS_CLIENT1_CA_CERT: fileOf('ca.crt'),
  TEMPORAL_TLS_CLIENT2_CA_CERT: fileOf('ca.crt'),
};
const trust = { TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileOf('ca.crt'), TEMPORAL_TLS_SERVER_NAME: 'localhost' };
const env = {
  ...trust,
  TEMPORAL_TLS_CLIENT_CERT_PATH: fileOf('tls.crt'),
  TEMPORAL_TLS_CLIENT_KEY_PATH: fileOf('tls.key'),
};
/** Unset: blank. */
const nobody = { ...env, TEMPORAL_TLS_CLIENT_CERT_PATH: '', TEMPORAL_TLS_CLIENT_KEY_PATH: '' };
const plain = { ...nobody, TEMPORAL_TLS_SERVER_CA_CERT_PATH: '', TEMPORAL_TLS_SERVER_NAME: '' };

const hosts = ['mt1', 'mt2'];
const uiTls = { caFile: fileOf('ca.crt'), certFile: fileOf('tls.crt'), keyFile: fileOf('tls.key') };
const openCluster = openProductionCluster({ serverEnv, cliEnv: env, uiTls });
const test = siteTestOn(openCluster, 'mutual-tls', { hosts, replicas: 1, env });

test.afterAll(() => rm(folder, { recursive: true, force: true }));

async function untilSaid({ name, logPath }: Service, words: string): Promise<void> {
  const read = () => readFile(logPath, 'utf8');
  await waitFor(`${name} says: ${words}`, async () => (await read()).includes(words), read);
}

test('a machine comes up, and UI and both command lines show it', async ({ site, cluster }) => {
  await site.deploy();
  await site.untilRunning(1);
  const [machine] = await site.machines();
  const listed = await runCliOn(cluster, { ...env, IRONLOOM_TASK_QUEUE: site.namespace }, ...listOfRuns);
  expect(listed.code, listed.stderr).toBe(0);
  expect(listed.stdout).toContain(machine?.metadata.name);
  expect(await cluster.production.cli('workflow', 'list')).toContain(machine?.metadata.name);
  const shown = await fetch(`${cluster.temporal.uiUrl}/api/v1/namespaces/default/workflows`);
  expect(await shown.text()).toContain(machine?.metadata.name);
});

test('whoever comes without TLS, or without a certificate, is told what is missing', async ({ site, cluster }) => {
  const wanted = 'the server wants a certificate of ours: set TEMPORAL_TLS_CLIENT_CERT_PATH';
  const off = 'TLS is off here, and what listens there speaks it';
  expect((await runCliOn(cluster, nobody, ...listOfRuns)).stderr).toContain(wanted);
  expect((await runCliOn(cluster, plain, ...listOfRuns)).stderr).toContain(off);
  const [worker, bridge] = await Promise.all([
    site.launch('worker', 'worker-nobody', nobody),
    site.launch('bridge', 'bridge-plain', plain),
  ]);
  await Promise.all([untilSaid(worker, wanted), untilSaid(bridge, off)]);
  await Promise.all([worker.stop(), bridge.stop()]);
});

test('a certificate of somebody else is not taken, and that is said', async ({ site }) => {
  const { certPem, keyPem } = await (await createCertificateAuthority('stranger')).issueClient('ironloom', 'platform');
  await put('stranger', { certPem, keyPem });
  const worker = await site.launch('worker', 'worker-stranger', {
    TEMPORAL_TLS_CLIENT_CERT_PATH: fileOf('stranger.crt'),
    TEMPORAL_TLS_CLIENT_KEY_PATH: fileOf('stranger.key'),
  });
  await untilSaid(worker, 'the server does not take our certificate');
  await worker.stop();
});

test('renewed certificates: both processes end in order, and go on with the new ones', async ({ site, ledger }) => {
  await put('tls', await issue());
  const services = [site.bridge, ...site.workers];
  expect(await Promise.all(services.map(({ exited }) => exited))).toEqual(services.map(() => 0));
  for (const service of services) await untilSaid(service, 'the certificates for Temporal were renewed');
  await Promise.all([site.start('bridge', 'bridge-renewed'), site.start('worker', 'worker-renewed')]);
  await site.scale(2);
  await site.untilRunning(2);
  expect(ledger.findBreaches()).toEqual([]);
});
