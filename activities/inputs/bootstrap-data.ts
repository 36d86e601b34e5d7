import { reasons } from '../../api/conditions.ts';
import type { Secret } from '../../api/core.ts';
import { secrets } from '../../api/resources.ts';
import type { HostMetaData } from '../../domain/bootstrap/jinja/meta-data.ts';
import type { Obstacle } from '../../domain/life/machine-life.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import type { Fence } from '../step/fence.ts';

/** A bootstrap Secret with data in it, which nobody has looked at yet. */
export interface FoundBootstrap {
  kind: 'found';
  secret: Secret;
  value: string;
}

interface NotReady {
  kind: 'notReady';
  obstacle: Obstacle;
}

export type Bootstrap = ReadyBootstrap | NotReady;

interface ReadyBootstrap {
  kind: 'ready';
  secret: Secret;
  userData: string;
  hash: string;
  /** As which the host will register; undefined: known there only. */
  nodeName: string | undefined;
}

/** The bootstrap Secret, if it holds data. */
export async function findBootstrap(
  deps: ActivityDependencies,
  namespace: string,
  secretName: string | undefined,
): Promise<FoundBootstrap | NotReady> {
  if (secretName === undefined) return waiting('The Machine names no bootstrap Secret yet');
  const secret = await deps.kube.find(secrets, { namespace, name: secretName });
  if (secret === undefined) return waiting(`The bootstrap Secret ${secretName} is not there yet`);
  const { value } = secret.data;
  if (value === undefined) {
    return notReady(
      reasons.BootstrapInvalid,
      `Bootstrap Secret ${secretName} has no key 'value'; its data belongs there`,
    );
  }
  return { kind: 'found', secret, value };
}

/** Normalises the data for the host. It leaves this process only in the plan. */
export async function readBootstrap(
  deps: ActivityDependencies,
  found: FoundBootstrap | NotReady,
  { metaData, failureDomain }: { metaData: HostMetaData; failureDomain: string | undefined },
): Promise<Bootstrap> {
  if (found.kind === 'notReady') return found;
  const { secret, value } = found;
  const secretName = secret.metadata.name;
  const format = secret.data['format'];
  const result = await deps.reader.bootstrap({
    userData: Buffer.from(value, 'base64'),
    ...(format === undefined ? {} : { format: Buffer.from(format, 'base64').toString('utf8') }),
    metaData,
    failureDomain,
  });
  switch (result.kind) {
    case 'normalised':
      return { ...result, kind: 'ready', secret };
    case 'invalid':
      return notReady(reasons.BootstrapInvalid, `Bootstrap Secret ${secretName}: ${result.message}`);
    case 'unsupportedFormat':
      return notReady(
        reasons.BootstrapFormatUnsupported,
        `Bootstrap Secret ${secretName} is not in the format cloud-config, the only one that is supported`,
      );
  }
}

/** Shows the normalised data beside the original, for people and tools that look at the Secret, unless it is immutable. */
export async function storeResolvedValue(
  deps: ActivityDependencies,
  fence: Fence,
  { secret, userData }: Extract<Bootstrap, { kind: 'ready' }>,
): Promise<void> {
  const resolved = Buffer.from(userData, 'utf8').toString('base64');
  if (secret.immutable === true || secret.data['resolved-value'] === resolved) return;
  const { namespace, name, uid, resourceVersion } = secret.metadata;
  fence.assertAlive();
  await deps.kube.patch(
    secrets,
    { namespace, name },
    { metadata: { uid, resourceVersion }, data: { 'resolved-value': resolved } },
  );
}

function waiting(message: string): NotReady {
  return notReady(reasons.BootstrapWaiting, message);
}

function notReady(reason: Obstacle['reason'], message: string): NotReady {
  return { kind: 'notReady', obstacle: { condition: 'BootstrapReady', reason, message } };
}
