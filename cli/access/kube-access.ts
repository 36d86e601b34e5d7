import type { ObjectKey } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import { readEnv } from '../../runtime/env.ts';
import { createKubeClient, KubeApiError, type KubeClient } from '../../runtime/kube/client.ts';
import { type KubeContext, readKubeContext } from '../../runtime/kube/kubeconfig.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { CliError, describeCause } from '../world/failures.ts';
import type { GlobalOptions } from '../world/global-options.ts';

/** The Kubernetes of whoever asks, with their own rights. */
export interface KubeAccess extends KubeContext {
  client: KubeClient;
}

/** Kubernetes, or why it cannot be asked. */
export type MaybeKube = { kube: KubeAccess } | { kube: undefined; missing: string };

/** Runs `body` with Kubernetes if a kubeconfig names one; nobody has been asked yet. */
export async function withKube<T>(
  world: CliWorld,
  options: GlobalOptions,
  body: (access: MaybeKube) => Promise<T>,
): Promise<T> {
  const access = openKube(world, options);
  try {
    return await body(access);
  } finally {
    await access.kube?.client.close();
  }
}

function openKube({ answerTimeoutMs }: CliWorld, { kubeconfig, context }: GlobalOptions): MaybeKube {
  const choice = { kubeconfigPath: kubeconfig ?? readEnv().kubeconfigPath, context };
  try {
    const client = createKubeClient({ ...choice, userAgent: 'ironloom-cli', requestTimeoutMs: answerTimeoutMs });
    return { kube: { client, ...readKubeContext(choice) } };
  } catch (error) {
    return { kube: undefined, missing: describeCause(error) };
  }
}

/** @throws CliError that says why there is none */
export function needKube(access: MaybeKube): KubeAccess {
  if (access.kube === undefined) throw new CliError(`Kubernetes cannot be asked: ${access.missing}`);
  return access.kube;
}

/** undefined when it does not exist. @throws CliError when the API server refuses */
export async function findObject<T>(client: KubeClient, resource: Resource<T>, key: ObjectKey): Promise<T | undefined> {
  try {
    return await client.find(resource, key);
  } catch (error) {
    throw tellMissingRight(error, 'get', resource, key.namespace);
  }
}

/** What to throw instead of a refusal: which right is needed. */
export function tellMissingRight(
  error: unknown,
  verb: 'get' | 'list' | 'patch',
  { group, plural }: Resource<unknown>,
  namespace: string | undefined,
): unknown {
  if (!(error instanceof KubeApiError) || (error.code !== 403 && error.code !== 401)) return error;
  const kinds = group === '' ? plural : `${plural}.${group}`;
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  return new CliError(`This needs the right to ${verb} ${kinds} ${where}: ${error.message}`, { cause: error });
}
