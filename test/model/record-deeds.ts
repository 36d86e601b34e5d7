import { secrets } from '../../api/resources.ts';
import { viewPlanSecret } from '../../domain/plan/secret.ts';
import { elementalInventories } from '../../dev/elemental/inventory.ts';
import { planSecrets } from '../../dev/elemental/plan-secret.ts';
import { isNotFound, isRefusal } from '../../runtime/kube/client.ts';
import type { RecordTrouble } from './command.ts';
import { findHostsOfInterest } from './host-deeds.ts';
import { loseInventory, registerAnew, resetHost, selectHost } from './lost-hosts.ts';
import { pick, type RecordTroubles } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';

/** Annotation that fills an inventory. */
export const BALLAST = 'example.com/ballast';
/** What Kubernetes allows all annotations together; so little is left that a host can still register again. */
const FULL_BYTES = 256 * 1024 - 200;

/** Which hosts each command is for: those of a set that it leaves, or those of interest that it puts into one. */
const aims: Record<RecordTrouble, { into: keyof RecordTroubles } | { outOf: readonly (keyof RecordTroubles)[] }> = {
  sealSecret: { into: 'sealed' },
  replaceSecret: { outOf: ['sealed'] },
  fillInventory: { into: 'full' },
  emptyInventory: { outOf: ['full'] },
  spoilInventory: { into: 'spoiled' },
  mendInventory: { outOf: ['spoiled'] },
  loseHost: { into: 'lost' },
  resetHost: { into: 'taken' },
  selectHost: { into: 'taken' },
  registerAnew: { outOf: ['lost', 'taken'] },
};

type Deed = (scene: Scene, host: string) => Promise<void>;

const deeds: Record<RecordTrouble, Deed> = {
  sealSecret: async ({ lane }, name) => {
    await lane.client.patch(planSecrets, { namespace: lane.namespace, name }, { immutable: true });
  },
  replaceSecret,
  fillInventory,
  emptyInventory: (scene, name) => annotateInventory(scene, name, { [BALLAST]: null }),
  spoilInventory: (scene, name) => patchSpec(scene, name, { storage: { volumes: 'x' } }),
  mendInventory: (scene, name) => patchSpec(scene, name, { storage: null }),
  loseHost: loseInventory,
  resetHost,
  selectHost,
  registerAnew,
};

/** Damages what stands in the API server about a host, or mends it. */
export async function troubleRecord(
  scene: Scene,
  { kind, nth }: { kind: RecordTrouble; nth: number },
): Promise<Outcome> {
  const name = pick(findCandidates(scene, kind, nth), nth);
  return name === undefined ? 'skipped' : perform(scene, kind, name);
}

function findCandidates(scene: Scene, kind: RecordTrouble, nth: number): string[] {
  const { records } = scene.model;
  const aim = aims[kind];
  if ('outOf' in aim) return aim.outOf.flatMap((set) => [...records[set]]).filter((name) => isReady(scene, kind, name));
  const away = (name: string): boolean => records.lost.has(name) || records.taken.has(name);
  return findHostsOfInterest(scene, nth).filter((name) => !away(name) && !records[aim.into].has(name));
}

/** Who resets a host waits until it has answered. */
function isReady({ lane }: Scene, kind: RecordTrouble, name: string): boolean {
  return kind !== 'registerAnew' || lane.history.hosts.get(name)?.metadata.deletionTimestamp === undefined;
}

async function perform(scene: Scene, kind: RecordTrouble, name: string): Promise<Outcome> {
  const { records } = scene.model;
  const aim = aims[kind];
  if ('into' in aim) {
    // Before it is done: what is seen of it is judged by it.
    records.ever.add(name);
    records[aim.into].add(name);
  }
  try {
    await deeds[kind](scene, name);
  } catch (error) {
    if ('into' in aim) records[aim.into].delete(name);
    if (isRefusal(error)) return 'refused';
    if (isNotFound(error)) return 'skipped';
    throw error;
  }
  // With the objects of a host went what was wrong with them.
  const mended = kind === 'loseHost' || kind === 'registerAnew' ? (['sealed', 'full', 'spoiled'] as const) : [];
  for (const set of mended) records[set].delete(name);
  if ('outOf' in aim) for (const set of aim.outOf) records[set].delete(name);
  return 'done';
}

/** All that an operator can mend about what the API server knows of hosts. */
export async function mendRecords(scene: Scene): Promise<void> {
  const { records } = scene.model;
  const mendAll = async (kind: RecordTrouble, set: ReadonlySet<string>): Promise<void> => {
    await Promise.all([...set].map((name) => perform(scene, kind, name)));
  };
  await mendAll('replaceSecret', records.sealed);
  await mendAll('emptyInventory', records.full);
  await mendAll('mendInventory', records.spoiled);
  await mendAll('registerAnew', new Set([...records.lost, ...records.taken]));
}

/** The host registers with nothing on its disk and nothing that anybody knows of it. */
export async function blankHost(scene: Scene, name: string): Promise<void> {
  const { records } = scene.model;
  // Before it is done: what is seen of it is judged by it.
  records.ever.add(name);
  records.taken.add(name);
  await perform(scene, 'registerAnew', name);
}

/**
 * Nobody can make an immutable Secret mutable again: it is made anew, with what stood in it. Our limit of one attempt goes
 * with the old one where nobody waits for an answer any more.
 */
async function replaceSecret({ lane }: Scene, name: string): Promise<void> {
  const key = { namespace: lane.namespace, name };
  const { metadata, type, data } = await lane.client.get(planSecrets, key);
  const view = viewPlanSecret(await lane.client.get(secrets, key));
  const { labels, annotations, ownerReferences } = metadata;
  const { 'max-failures': limit, ...others } = data;
  const settled = view.appliedChecksum === view.planChecksum;
  await lane.client.delete(planSecrets, key);
  await lane.client.create(planSecrets, {
    metadata: { ...key, labels, annotations, ownerReferences },
    type,
    data: settled || limit === undefined ? others : data,
  });
}

async function fillInventory(scene: Scene, name: string): Promise<void> {
  const { lane } = scene;
  const { metadata } = await lane.client.get(elementalInventories, { namespace: lane.namespace, name });
  const used = Object.entries(metadata.annotations ?? {}).reduce(
    (sum, [key, { length }]) => sum + key.length + length,
    0,
  );
  await annotateInventory(scene, name, { [BALLAST]: 'x'.repeat(FULL_BYTES - used - BALLAST.length) });
}

async function annotateInventory(
  { lane }: Scene,
  name: string,
  annotations: Record<string, string | null>,
): Promise<void> {
  await lane.client.patch(elementalInventories, { namespace: lane.namespace, name }, { metadata: { annotations } });
}

async function patchSpec({ lane }: Scene, name: string, spec: object): Promise<void> {
  await lane.client.patch(elementalInventories, { namespace: lane.namespace, name }, { spec });
}
