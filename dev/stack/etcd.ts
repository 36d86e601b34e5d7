import { join } from 'node:path';
import { answersHttp } from '../process/ready.ts';
import { type ProcessSet } from '../process/set.ts';

export interface EtcdOptions {
  dir: string;
  binary: string;
  clientPort: number;
  peerPort: number;
}

/** Starts an etcd that does not care for power cuts, and answers its URL. */
export async function startEtcd(processes: ProcessSet, options: EtcdOptions): Promise<string> {
  const clientUrl = `http://127.0.0.1:${options.clientPort}`;
  const peerUrl = `http://127.0.0.1:${options.peerPort}`;
  await processes.start({
    name: 'etcd',
    command: [
      options.binary,
      '--name=ironloom',
      `--data-dir=${join(options.dir, 'etcd')}`,
      `--listen-client-urls=${clientUrl}`,
      `--advertise-client-urls=${clientUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=ironloom=${peerUrl}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    probe: () => answersHttp(`${clientUrl}/readyz`),
  });
  return clientUrl;
}
