import { leases, type Lease } from '../../../k8s-bridge/leader/lease-record.ts';
import { type LeaderElectionOptions } from '../../../k8s-bridge/leader/lease.ts';
import { KubeApiError, KubeConnectionError } from '../../../runtime/kube/client.ts';

type LeaseClient = LeaderElectionOptions['client'];

/** One Lease with the API server's rules: 404, AlreadyExists, and a conflict on an old resourceVersion. */
export function createFakeLeases() {
  let lease: Lease | undefined;
  let version = 0;
  const writes: string[] = [];

  function write(body: unknown, before: Lease | undefined, by: string): Lease {
    const merged = leases.schema.parse({
      metadata: {
        namespace: 'lab',
        name: 'bridge',
        resourceVersion: `${++version}`,
        annotations: { ...before?.metadata.annotations, ...metadataOf(body).annotations },
      },
      spec: { ...before?.spec, ...specOf(body) },
    });
    lease = merged;
    writes.push(by);
    return merged;
  }

  /** A client of one process, whose network can be cut. */
  function connect(name: string) {
    const state = { cut: false, dropAnswers: false };
    const through = async (run: () => Lease): Promise<Lease> => {
      await Promise.resolve();
      if (state.cut) throw new KubeConnectionError('cut', { timedOut: false });
      const answer = run();
      if (state.dropAnswers) throw new KubeConnectionError('late', { timedOut: true });
      return answer;
    };
    const found = (): Lease => {
      if (lease === undefined) throw new KubeApiError(404, 'NotFound', 'no lease');
      return lease;
    };
    const client: LeaseClient = {
      get: async (resource) => resource.schema.parse(await through(found)),
      create: async (resource, body) =>
        resource.schema.parse(
          await through(() => {
            if (lease !== undefined) throw new KubeApiError(409, 'AlreadyExists', 'exists');
            return write(body, undefined, name);
          }),
        ),
      patch: async (resource, _key, body) =>
        resource.schema.parse(
          await through(() => {
            const before = found();
            if (versionOf(body) !== before.metadata.resourceVersion)
              throw new KubeApiError(409, 'Conflict', 'modified');
            return write(body, before, name);
          }),
        ),
    };
    return { client, state };
  }

  return { connect, writes, current: () => lease, delete: () => (lease = undefined) };
}

function specOf(body: unknown): object {
  return typeof body === 'object' && body !== null && 'spec' in body && typeof body.spec === 'object'
    ? { ...body.spec }
    : {};
}

function versionOf(body: unknown): unknown {
  return metadataOf(body).resourceVersion;
}

function metadataOf(body: unknown): { resourceVersion?: unknown; annotations?: object } {
  const metadata = typeof body === 'object' && body !== null && 'metadata' in body ? body.metadata : undefined;
  return typeof metadata === 'object' && metadata !== null ? metadata : {};
}
