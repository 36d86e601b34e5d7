import { CompleteAsyncError } from '@temporalio/activity';
import type { WorkerInterceptors } from '@temporalio/worker';
import type { Activities, JournalSink } from '../../activities/index.ts';
import type { JournalEntry } from '../../domain/journal/entry.ts';
import { createRecordJournal } from '../../activities/step/journaling.ts';
import { journalInterceptors } from '../../workers/journal-interceptor.ts';
import type { PlanAnswer } from '../../domain/life/machine-life.ts';
import type { NumberedStatus } from '../../domain/report/status/machine-status.ts';
import { host, plan } from '../domain/life/life-fixtures.ts';

/** Activities that answer as told and remember what the run did, for tests of the workflow alone. */
export interface ScriptedActivities {
  activities: Activities;
  /** Names of the activities that ran, in order. */
  ran: string[];
  /** The statuses that were written, in order. */
  published: NumberedStatus[];
  /** The entries that were written, in order. */
  journal: JournalEntry[];
  /** For the worker: writes the entries that come with a step. */
  interceptors: WorkerInterceptors;
  /** Whether nobody takes entries, as while a database is down. */
  journalIsAway: boolean;
}

/** The default script is a life without trouble whose plans are answered from outside. */
export function scriptActivities(changes: Partial<Activities> = {}): ScriptedActivities {
  const ran: string[] = [];
  const published: NumberedStatus[] = [];
  const journal: JournalEntry[] = [];
  const sink: JournalSink = {
    write: async (entries) => {
      if (scripted.journalIsAway) throw new Error('No database');
      for (const entry of entries) if (!journal.some((known) => isSameEntry(known, entry))) journal.push(entry);
    },
  };
  const cleanPlan = { ...plan(), type: 'clean' } as const;
  const script: Activities = {
    beginLife: async ({ claim }) =>
      claim === null || claim === undefined
        ? { kind: 'fresh', nodeJoinDeadlineMs: 60_000 }
        : { kind: 'claimTried', claim: { kind: 'claimed', host: host() }, nodeJoinDeadlineMs: 60_000 },
    claimHost: async () => ({ kind: 'claimed', host: host() }),
    writeReprovisionPlan: async () => ({ kind: 'written', plan: plan() }),
    awaitPlanResult: async (): Promise<PlanAnswer> => {
      throw new CompleteAsyncError();
    },
    completeProvisioning: async () => ({ kind: 'completed' }),
    writeRebootPlan: async ({ attempt }) => ({ kind: 'written', plan: { ...plan(), type: 'reboot', attempt } }),
    settleReboot: async () => ({ kind: 'settled' }),
    markHostUnavailable: async () => {},
    writeCleanPlan: async () => ({ kind: 'written', plan: cleanPlan }),
    releaseHost: async () => ({ kind: 'released' }),
    forceReleaseHost: async () => {},
    confirmGone: async () => ({ kind: 'gone' }),
    finishMachine: async () => {},
    publishStatus: async () => {},
    recordJournal: createRecordJournal(sink),
    ...changes,
  };
  const record =
    <I, O>(name: string, activity: (input: I) => Promise<O>) =>
    (input: I & { status?: NumberedStatus }): Promise<O> => {
      ran.push(name);
      if (input.status !== undefined) published.push(input.status);
      return activity(input);
    };
  const scripted: ScriptedActivities = {
    ran,
    published,
    journal,
    interceptors: journalInterceptors(sink),
    journalIsAway: false,
    activities: {
      beginLife: record('beginLife', script.beginLife),
      claimHost: record('claimHost', script.claimHost),
      writeReprovisionPlan: record('writeReprovisionPlan', script.writeReprovisionPlan),
      awaitPlanResult: record('awaitPlanResult', script.awaitPlanResult),
      completeProvisioning: record('completeProvisioning', script.completeProvisioning),
      writeRebootPlan: record('writeRebootPlan', script.writeRebootPlan),
      settleReboot: record('settleReboot', script.settleReboot),
      markHostUnavailable: record('markHostUnavailable', script.markHostUnavailable),
      writeCleanPlan: record('writeCleanPlan', script.writeCleanPlan),
      releaseHost: record('releaseHost', script.releaseHost),
      forceReleaseHost: record('forceReleaseHost', script.forceReleaseHost),
      confirmGone: record('confirmGone', script.confirmGone),
      finishMachine: record('finishMachine', script.finishMachine),
      publishStatus: record('publishStatus', script.publishStatus),
      recordJournal: record('recordJournal', script.recordJournal),
    },
  };
  return scripted;
}

/** By the key of the journal: what is written twice is one entry. */
function isSameEntry(one: JournalEntry, other: JournalEntry): boolean {
  return one.runId === other.runId && one.number === other.number;
}
