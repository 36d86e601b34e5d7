import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { z } from 'zod';
import { createKubeConfig } from './client-node.ts';
import { createTokenFile, type TokenFile } from './token-file.ts';

/** What client-node makes up then; nobody serves there without TLS. */
const NOTHING_FOUND = 'http://localhost:8080';

const usersSchema = z.object({
  users: z
    .array(z.object({ name: z.string(), user: z.object({ tokenFile: z.string().optional() }).nullish() }))
    .nullish(),
});
const authProviderSchema = z.object({ config: z.object({ tokenFile: z.string() }) });

/** Which kubeconfig is read, and which of its contexts counts. */
export interface KubeconfigChoice {
  /** As in `KUBECONFIG`, which may name several files. Default: `~/.kube/config`, then the Pod's service account. */
  kubeconfigPath?: string | undefined;
  /** Default: the current one of the kubeconfig. */
  context?: string | undefined;
}

/** What a context says beside the cluster; undefined: nothing. */
export interface KubeContext {
  namespace: string | undefined;
  /** Name of the entry of the user, which need not be the name by which the API server knows them. */
  user: string | undefined;
}

/** Where the API server is, and who we are there. */
export interface Access {
  config: KubeConfig;
  /** URL without a slash at its end. */
  server: string;
  /** Goes before all other credentials. */
  token: TokenFile | undefined;
}

/**
 * Reads a kubeconfig with client-node, which does not know the `tokenFile` of kubectl (its user would be anonymous), and
 * takes up to a minute to see that the token of a Pod is another one.
 * @throws when it can't be read, or names no cluster
 */
export function loadAccess({ kubeconfigPath: path, context }: KubeconfigChoice): Access {
  const config = createKubeConfig();
  const files = path?.split(delimiter).filter((file) => file !== '') ?? listUsual();
  if (path === undefined) config.loadFromDefault();
  else loadFiles(config, files);
  if (context !== undefined) {
    if (config.getContextObject(context) === null) throw new Error(`The kubeconfig has no context '${context}'`);
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('The kubeconfig names no current cluster');
  if (path === undefined && cluster.server === NOTHING_FOUND) {
    throw new Error(
      'Nothing says where Kubernetes is: KUBECONFIG is unset, ~/.kube/config is not there, and this is no Pod',
    );
  }
  const access = { config, server: cluster.server.replace(/\/+$/, ''), token: undefined };
  const user = config.getCurrentUser();
  if (user === null) return access;
  const ofPod = authProviderSchema.safeParse(user.authProvider).data?.config.tokenFile;
  const tokenFile = findTokenFile(files, user.name) ?? ofPod;
  if (tokenFile === undefined) return access;
  config.users = config.users.map((one) => (one.name === user.name ? { ...one, authProvider: undefined } : one));
  return { ...access, token: createTokenFile(tokenFile) };
}

/** As client-node does it with KUBECONFIG. */
function loadFiles(config: KubeConfig, [first = '', ...others]: readonly string[]): void {
  config.loadFromFile(first);
  for (const file of others) {
    const more = createKubeConfig();
    more.loadFromFile(file);
    config.mergeConfig(more);
  }
}

/** Those that `loadFromDefault` looks for, without a `KUBECONFIG`. */
function listUsual(): string[] {
  return [join(homedir(), '.kube', 'config')].filter((file) => existsSync(file));
}

/** Where several files know the user, the first one counts, as in kubectl. */
function findTokenFile(files: readonly string[], user: string): string | undefined {
  for (const file of files) {
    const { users } = usersSchema.parse(parse(readFileSync(file, 'utf8')));
    const found = users?.find(({ name }) => name === user);
    if (found === undefined) continue;
    const tokenFile = found.user?.tokenFile;
    return tokenFile === undefined ? undefined : resolve(dirname(file), tokenFile);
  }
  return undefined;
}

/** What the chosen context says. @throws as `loadAccess` */
export function readKubeContext(choice: KubeconfigChoice): KubeContext {
  const { config } = loadAccess(choice);
  const context = config.getContextObject(config.getCurrentContext());
  return { namespace: context?.namespace || undefined, user: config.getCurrentUser()?.name };
}
