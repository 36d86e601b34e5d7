import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { type KeyPair } from './certificates.ts';

export interface KubeconfigContent {
  serverUrl: string;
  caPem: string;
  user: string;
  client: KeyPair;
}

/** Renders a kubeconfig with all credentials inside it; JSON, which is YAML. */
export function renderKubeconfig({ serverUrl, caPem, user, client }: KubeconfigContent): string {
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const name = 'ironloom';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: serverUrl, 'certificate-authority-data': base64(caPem) } }],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': base64(client.certPem), 'client-key-data': base64(client.keyPem) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user } }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

const clusterSchema = z.looseObject({ clusters: z.tuple([z.looseObject({ name: z.string() })]) });

/** The same for another user: of what `renderKubeconfig` rendered, with what kubectl takes for `user`. */
export function renderKubeconfigOf(kubeconfig: string, name: string, user: object): string {
  const parsed: unknown = JSON.parse(kubeconfig);
  const config = clusterSchema.parse(parsed);
  const [cluster] = config.clusters;
  const contexts = [{ name: cluster.name, context: { cluster: cluster.name, user: name } }];
  return `${JSON.stringify({ ...config, users: [{ name, user }], contexts }, undefined, 2)}\n`;
}

/** Writes a kubeconfig that only its owner can read. */
export async function writeKubeconfig(path: string, content: KubeconfigContent): Promise<string> {
  await writeFile(path, renderKubeconfig(content), { mode: 0o600 });
  return path;
}
