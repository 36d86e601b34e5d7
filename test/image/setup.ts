import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Architecture, architectures, foreign, own } from './architectures.ts';
import { BASE, IMAGE, run } from './buildah.ts';

/** vitest globalSetup: `npm run image` for both architectures, on bases of Debian's packages and the pinned Node. */
export default async function setup(): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'ironloom-base-'));
  try {
    const bases = [await buildOwnBase(work), await buildForeignBase(work)];
    // Of an earlier run.
    await run('buildah', 'manifest', 'rm', BASE).catch(() => {});
    await run('buildah', 'manifest', 'create', BASE, ...bases);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const platforms = architectures.map(({ name }) => `linux/${name}`).join(',');
  await run('npm', 'run', '--silent', 'image', '--', `--base=${BASE}`, `--tag=${IMAGE}`, `--platform=${platforms}`);
}

/** Debian's essential packages, Node, the npm of this machine, and the certificate authorities of this machine. */
async function buildOwnBase(work: string): Promise<string> {
  const npm = dirname(dirname(await realpath(await run('which', 'npm'))));
  const authorities = '/etc/ssl/certs/ca-certificates.crt';
  return commitBase(own, async (container) => {
    const packages = join(work, 'own.tar');
    await run('mmdebstrap', '--quiet', '--variant=minbase', '--include=ca-certificates', 'bookworm', packages);
    await run('buildah', 'add', '--quiet', container, packages, '/');
    await run('buildah', 'copy', '--quiet', container, process.execPath, '/usr/local/bin/node');
    await run('buildah', 'copy', '--quiet', container, npm, '/usr/local/lib/node_modules/npm');
    const command = ['ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm'];
    await run('buildah', 'run', container, '--', ...command);
    await run('buildah', 'copy', '--quiet', container, process.env['SSL_CERT_FILE'] ?? authorities, authorities);
    await run('buildah', 'config', `--env=NODE_EXTRA_CA_CERTS=${authorities}`, container);
  });
}

/** The libraries that Node loads, and Node: none of it runs here. There is no shell. */
async function buildForeignBase(work: string): Promise<string> {
  return commitBase(foreign, async (container) => {
    const packages = join(work, 'foreign.tar');
    const options = [`--architectures=${foreign.name}`, '--variant=extract', '--include=libstdc++6'];
    // As in each base: below it lies what a kubelet mounts for a service account.
    const link = '--extract-hook=ln -s /run "$1/var/run"';
    await run('mmdebstrap', '--quiet', ...options, link, 'bookworm', packages);
    await run('buildah', 'add', '--quiet', container, packages, '/');
    const node = `node-linux-${foreign.node}@${process.versions.node}`;
    const packed = await run('npm', 'pack', '--silent', `--pack-destination=${work}`, node);
    await run('tar', '--extract', `--directory=${work}`, `--file=${join(work, packed)}`, 'package/bin/node');
    await run('buildah', 'copy', '--quiet', container, join(work, 'package/bin/node'), '/usr/local/bin/node');
  });
}

async function commitBase({ name }: Architecture, fill: (container: string) => Promise<void>): Promise<string> {
  const base = `${BASE}-${name}`;
  const container = await run('buildah', 'from', `--arch=${name}`, 'scratch');
  await fill(container);
  await run('buildah', 'config', `--arch=${name}`, '--env=PATH=/usr/local/bin:/usr/bin:/bin', container);
  await run('buildah', 'commit', '--quiet', '--rm', container, base);
  return base;
}
