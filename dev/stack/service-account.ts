import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { objectMetaSchema, type ObjectKey } from '../../api/meta.ts';
import { type Resource } from '../../api/resources.ts';
import { createKubeClient, type KubeClient } from '../../runtime/kube/client.ts';
import { createKubeTransport, type KubeTransport } from '../../runtime/kube/transport.ts';
import { followObjects } from '../elemental/object-feed.ts';
import { renderKubeconfigOf } from './kubeconfig.ts';

/** The shortest life that the API server gives, so that tests of some minutes see tokens go. */
const TOKEN_SECONDS = 600;
/** Of its life. */
const RENEWED_AFTER = 0.8;
const RETRY_MS = 1000;
const TIMEOUT_MS = 30_000;
const USER_AGENT = 'ironloom-kubelet';

const serviceAccounts = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  schema: z.object({ metadata: objectMetaSchema }),
} satisfies Resource<unknown>;
const tokenSchema = z.object({ status: z.object({ token: z.string(), expirationTimestamp: z.iso.datetime() }) });

export interface ServiceAccountOptions {
  account: ObjectKey;
  /** Kubeconfig of an administrator. */
  adminKubeconfigPath: string;
  /** Where kubeconfig and token go, called as the account. */
  dir: string;
}

/** Who a Pod of the service account is. */
export interface ServiceAccountAccess {
  /** Its user has a file with a token, which is fresh until `stop`. */
  kubeconfigPath: string;
  tokenPath: string;
  stop(): Promise<void>;
}

/**
 * Does what a kubelet does for the Pods of a service account: asks the API server for a token of limited life, and writes
 * another one into the same file when a fifth of it is left, and when the account was deleted and made anew, as by an
 * upgrade of a provider.
 * @throws KubeApiError, KubeConnectionError when there is no first one
 */
export async function openServiceAccount(options: ServiceAccountOptions): Promise<ServiceAccountAccess> {
  const { account, adminKubeconfigPath, dir } = options;
  const [kubeconfigPath, tokenPath] = [join(dir, `${account.name}.kubeconfig`), join(dir, `${account.name}.token`)];
  const client = createKubeClient({ kubeconfigPath: adminKubeconfigPath, userAgent: USER_AGENT });
  const transport = createKubeTransport({ kubeconfigPath: adminKubeconfigPath, userAgent: USER_AGENT });
  const close = () => Promise.all([client.close(), transport.close()]);
  const admin = await readFile(adminKubeconfigPath, 'utf8');
  const kubeconfig = renderKubeconfigOf(admin, account.name, { tokenFile: tokenPath });
  await writeFile(kubeconfigPath, kubeconfig, { mode: 0o600 });
  const renewal = await startRenewal(client, account, async () => {
    const { token, leftMs } = await requestToken(transport, account);
    await writeFile(`${tokenPath}.new`, token, { mode: 0o600 });
    await rename(`${tokenPath}.new`, tokenPath);
    return leftMs;
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    kubeconfigPath,
    tokenPath,
    async stop() {
      await renewal.stop();
      await close();
    },
  };
}

/** @param renew answers how long the new token lives */
async function startRenewal(
  client: KubeClient,
  account: ObjectKey,
  renew: () => Promise<number>,
): Promise<{ stop(): Promise<void> }> {
  let { uid } = (await client.get(serviceAccounts, account)).metadata;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running = Promise.resolve();
  const renewIn = (delayMs: number): void => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void (running = running.then(renewOrRetry)), delayMs);
  };
  const renewOrRetry = (): Promise<void> =>
    renew().then(
      (leftMs) => renewIn(leftMs * RENEWED_AFTER),
      () => renewIn(RETRY_MS),
    );
  renewIn((await renew()) * RENEWED_AFTER);
  const feed = followObjects({
    client,
    resource: serviceAccounts,
    namespace: account.namespace,
    onChange(key, object) {
      if (key !== `${account.namespace}/${account.name}` || object === undefined || object.metadata.uid === uid) return;
      uid = object.metadata.uid;
      renewIn(0);
    },
  });
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all([feed.stop(), running]);
    },
  };
}

async function requestToken(
  transport: KubeTransport,
  { namespace, name }: ObjectKey,
): Promise<{ token: string; leftMs: number }> {
  const answer = await transport.send({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: TOKEN_SECONDS },
    },
    timeoutMs: TIMEOUT_MS,
  });
  const { token, expirationTimestamp } = tokenSchema.parse(JSON.parse(answer)).status;
  return { token, leftMs: Date.parse(expirationTimestamp) - Date.now() };
}
