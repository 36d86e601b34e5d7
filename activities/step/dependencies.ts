import type { HostLabels } from '../../domain/inputs/host-labels.ts';
import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import type { PlanSecretFacts } from '../../domain/pool/host-eligibility.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { Reader } from '../../reading/reader.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import type { EventQueue } from '../../runtime/kube/event-queue.ts';
import type { JournalSink } from './journaling.ts';
import type { SharedReads } from './shared-reads.ts';

/** Read side of an informer's store. */
export interface Cache<T> {
  get(key: ObjectKey): T | undefined;
  /** What makes an object that exists unreadable: the fields, without their values. */
  problemOf(key: ObjectKey): string | undefined;
  list(): Iterable<T>;
  byIndex(index: string, value: string): readonly T[];
  /** Writes through after a write of our own; an older resourceVersion never replaces a newer one. */
  upsert(item: T): void;
}

/** What the worker knows without asking the API server. Index names are in `workers/caches.ts`. */
export interface WorkerCaches {
  hosts: Cache<HostView>;
  machines: Cache<MachineView> & {
    listUnreadable(): Iterable<ObjectKey>;
    /** See `Informer.hasSeen`. */
    hasSeen(resourceVersion: string, withinMs: number): Promise<boolean>;
    /** See `Informer.heardMsAgo`. */
    heardMsAgo(): number;
  };
  pools: Cache<PoolView>;
  planSecrets: { get(key: ObjectKey): PlanSecretFacts | undefined };
}

/** Settings of the worker that decide how long hosts may take and where images come from. */
export interface MachinePolicy {
  reprovisionDeadlineMs: number;
  cleanDeadlineMs: number;
  nodeJoinDeadlineMs: number;
  defaultRegistry: string | undefined;
  /** Which labels of an inventory tell what of its host. */
  hostLabels: HostLabels;
  /** Where the slots of the installation stand, and how many it has; undefined: as many as there are hosts. */
  slots: { lease: ObjectKey; limit: number | undefined };
}

/** What steps tell the metrics of their worker. */
export interface StepMeter {
  /** A claim is over: how, and how long after it was due. */
  claimEnded: (outcome: string, durationMs: number) => void;
  /** Somebody was faster at a host. */
  claimConflicted: () => void;
}

/** What a worker gives its activities. */
export interface GivenDependencies {
  kube: KubeClient;
  journal: JournalSink;
  caches: WorkerCaches;
  /** Reads what tenants and hosts wrote; nothing of it is parsed here. */
  reader: Reader;
  policy: MachinePolicy;
  temporalNamespace: string;
  meter: StepMeter;
}

/** For whom a claim is at a host. */
export interface Reservation {
  uid: string;
  /** See `groupOf`. */
  group: string | undefined;
}

/** What the activities of one worker share. */
export interface ActivityDependencies extends GivenDependencies {
  shared: SharedReads;
  events: EventQueue;
  /** Hosts, by `<namespace>/<name>`, that a claim of this worker is at. */
  reservations: Map<string, Reservation>;
}
