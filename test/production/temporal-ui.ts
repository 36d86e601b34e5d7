import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { answersHttp } from '../../dev/process/ready.ts';
import type { ProcessSet } from '../../dev/process/set.ts';

/** Files of the UI's own certificate, and of the authority that it trusts. */
export interface UiTls {
  caFile: string;
  certFile: string;
  keyFile: string;
}

export interface TemporalUiOptions {
  dir: string;
  binary: string;
  port: number;
  /** Of Temporal's server. */
  address: string;
  tls?: UiTls;
}

/** Starts Temporal's UI on 127.0.0.1 and answers its URL. */
export async function startTemporalUi(processes: ProcessSet, options: TemporalUiOptions): Promise<string> {
  const { dir, binary, port, address, tls } = options;
  await mkdir(join(dir, 'ui'));
  const cors = { allowOrigins: [] };
  const security = tls === undefined ? {} : { tls: { ...tls, enableHostVerification: true } };
  const config = {
    temporalGrpcAddress: address,
    host: '127.0.0.1',
    port,
    enableUi: true,
    disableNewsFetch: true,
    cors,
  };
  await writeFile(join(dir, 'ui', 'production.yaml'), stringify({ ...config, ...security }));
  const url = `http://127.0.0.1:${port}`;
  await processes.start({
    name: 'temporal-ui',
    command: [binary, '--root', dir, '--config', 'ui', '--env', 'production', 'start'],
    probe: () => answersHttp(`${url}/healthz`),
  });
  return url;
}
