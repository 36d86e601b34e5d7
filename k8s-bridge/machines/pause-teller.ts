import { createHash } from 'node:crypto';
import type { ObjectKey } from '../../api/meta.ts';
import { baremetalMachines } from '../../api/resources.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { News } from '../../domain/report/machine-news.ts';
import { tellTemporalPauseOver, tellTemporalPauses, type TemporalPause } from '../../domain/report/pause-news.ts';
import type { KubeClient } from '../../runtime/kube/client.ts';
import { createEvent } from '../../runtime/kube/events.ts';
import { forEachLimited } from '../reconcile/for-each-limited.ts';
import type { ReadStore } from '../reconcile/ports.ts';
import type { MachineRuns } from '../runs/machine-runs.ts';
import type { OpenRun } from '../runs/open-runs.ts';

export interface PauseTellerDeps {
  machines: Pick<ReadStore<MachineView>, 'get'>;
  runs: Pick<MachineRuns, 'readPauses'>;
  client: Pick<KubeClient, 'create'>;
  /** Wall clock. */
  nowMs: () => number;
}

/** Says on the object what somebody paused of its run in Temporal, where nobody who only has `kubectl` would see it. */
export interface PauseTeller {
  /** @throws AggregateError of what could not be read or written; the next call tries again */
  tell(open: readonly OpenRun[]): Promise<void>;
}

const PARALLEL_READS = 16;
/** An API server forgets Events, by default after an hour. */
const REPEAT_MS = 3_600_000;

/** See `PauseTeller`. Remembers whom it told, until what was paused goes on. */
export function createPauseTeller({ machines, runs, client, nowMs }: PauseTellerDeps): PauseTeller {
  /** By uid: which pauses were told last. */
  const told = new Map<string, { machine: ObjectKey; pauses: string; mark: string }>();

  async function write(machine: MachineView, { type, reason, message }: News, mark: string): Promise<void> {
    const { namespace, name, uid, resourceVersion } = machine;
    const digest = createHash('sha256').update(`${uid}/${reason}/${mark}`).digest('hex').slice(0, 16);
    const object = { namespace, name, uid, resourceVersion };
    await createEvent(client, {
      resource: baremetalMachines,
      object,
      type,
      reason,
      message,
      component: 'ironloom-bridge',
      digest,
    });
  }

  async function tellPaused(run: OpenRun): Promise<void> {
    const machine = machines.get(run);
    if (machine?.uid !== run.uid) return;
    const pauses = await runs.readPauses(run);
    if (pauses.length === 0) return tellOver(run.uid);
    const named = JSON.stringify([run.runId, pauses.map(({ step, sinceMs }) => [step, sinceMs])]);
    const mark = `${named} ${Math.floor((nowMs() - oldest(pauses)) / REPEAT_MS)}`;
    if (told.get(run.uid)?.mark === mark) return;
    await write(machine, tellTemporalPauses(pauses), mark);
    told.set(run.uid, { machine: run, pauses: named, mark });
  }

  async function tellOver(uid: string): Promise<void> {
    const known = told.get(uid);
    if (known === undefined) return;
    const machine = machines.get(known.machine);
    if (machine?.uid === uid) await write(machine, tellTemporalPauseOver(), known.pauses);
    told.delete(uid);
  }

  return {
    async tell(open) {
      const paused = open.filter((run) => run.paused);
      const uids = new Set(paused.map(({ uid }) => uid));
      const over = [...told.keys()].filter((uid) => !uids.has(uid));
      const failures = [
        ...(await forEachLimited(paused, PARALLEL_READS, tellPaused)),
        ...(await forEachLimited(over, PARALLEL_READS, tellOver)),
      ];
      if (failures.length > 0) throw new AggregateError(failures, `${failures.length} pauses could not be told`);
    },
  };
}

function oldest(pauses: readonly TemporalPause[]): number {
  return Math.min(...pauses.map(({ sinceMs }) => sinceMs));
}
