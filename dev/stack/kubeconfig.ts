import { writeFile } from 'node:fs/promises';
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

/** Writes a kubeconfig that only its owner can read. */
export async function writeKubeconfig(path: string, content: KubeconfigContent): Promise<string> {
  await writeFile(path, renderKubeconfig(content), { mode: 0o600 });
  return path;
}
