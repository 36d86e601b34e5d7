import {
  baremetalMachines,
  machineInventories,
  machineInventoryPools,
  type Resource,
  secrets,
} from '../api/resources.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { Viewer } from './access.ts';
import { type Person, subjectAccessReviews } from './reviews.ts';
import { ShortMemory } from './short-memory.ts';

/** What a picture of a namespace is made of: whoever may list all of it sees the picture. */
const kinds: readonly Resource<unknown>[] = [baremetalMachines, machineInventoryPools, machineInventories];

const KNOWN_MS = 30_000;
const MAX_KNOWN = 10_000;
/** Namespaces asked about at a time. */
const AT_A_TIME = 8;
const EVERYWHERE = '';

/** What a person may read, as the API server says, asked when it is needed. An answer that fails is a no. */
export function readRights(client: KubeClient, person: Person, nowMs: () => number): Viewer {
  const known = new ShortMemory<boolean>({ nowMs, max: MAX_KNOWN });

  async function ask(namespace: string, { group, plural }: Resource<unknown>, verb: string): Promise<boolean> {
    const { username: user, ...rest } = person;
    const resourceAttributes = { namespace, group, resource: plural, verb };
    const { status } = await client.create(subjectAccessReviews, {
      metadata: {},
      spec: { user, ...rest, resourceAttributes },
    });
    return status.allowed;
  }

  async function may(namespace: string, resource: Resource<unknown>, verb: string): Promise<boolean> {
    const key = `${namespace} ${resource.plural} ${verb}`;
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const allowed = await ask(namespace, resource, verb).catch(() => false);
    known.set(key, allowed, KNOWN_MS);
    return allowed;
  }

  async function seesAll(namespace: string): Promise<boolean> {
    for (const kind of kinds) if (!(await may(namespace, kind, 'list'))) return false;
    return true;
  }

  return {
    async namespaces(all) {
      if (await seesAll(EVERYWHERE)) return all;
      const names = [...all];
      const seen = new Set<string>();
      for (let at = 0; at < names.length; at += AT_A_TIME) {
        const some = names.slice(at, at + AT_A_TIME);
        const answers = await Promise.all(some.map(seesAll));
        for (const [index, name] of some.entries()) if (answers[index] === true) seen.add(name);
      }
      return seen;
    },
    mayReadSecrets: (namespace) => may(namespace, secrets, 'get'),
  };
}
