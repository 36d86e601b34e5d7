import { userInfo } from 'node:os';
import { z } from 'zod';
import type { Resource } from '../../api/resources.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { CliError } from '../world/failures.ts';
import type { KubeAccess } from './kube-access.ts';

const selfSubjectReviews = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
  schema: z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) }),
} satisfies Resource<unknown>;

/** Nobody waits long to be told who they are. */
const ASK_TIMEOUT_MS = 3_000;

/** The user that runs this process. */
export function findOsUser(
  lookUp: () => string = () => userInfo().username,
  env: Record<string, string | undefined> = process.env,
): string | undefined {
  try {
    return lookUp();
  } catch {
    return env['USER'] || undefined;
  }
}

/**
 * Who asks for an operation: the person that was named, else the one that Kubernetes knows by the kubeconfig, else the
 * user of the operating system.
 * @throws CliError when nobody knows
 */
export async function findActor(
  given: string | undefined,
  kube: Pick<KubeAccess, 'client' | 'user'> | undefined,
  world: Pick<CliWorld, 'osUser'>,
): Promise<string> {
  const actor = given ?? (await askKubernetes(kube)) ?? kube?.user ?? world.osUser();
  if (actor === undefined) throw new CliError('Nobody knows who asks for this: say it with --actor');
  return actor;
}

async function askKubernetes(kube: Pick<KubeAccess, 'client'> | undefined): Promise<string | undefined> {
  try {
    const review = await kube?.client.create(selfSubjectReviews, { metadata: {} }, { timeoutMs: ASK_TIMEOUT_MS });
    return review?.status.userInfo.username || undefined;
  } catch {
    // An API server of before 1.28, or none: the kubeconfig has a name, too.
    return undefined;
  }
}
