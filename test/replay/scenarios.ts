import { ApplicationFailure } from '@temporalio/activity';
import type {
  BeginOutcome,
  ClaimOutcome,
  CleanOutcome,
  CompleteOutcome,
  PresenceOutcome,
  ProvisionOutcome,
  RebootOutcome,
  StepStopped,
} from '../../domain/life/step-outcomes.ts';
import { slotMissing } from '../../domain/life/slot-wait.ts';
import { besideTask } from '../support/beside-task.ts';
import { host, plan } from '../domain/life/life-fixtures.ts';
import {
  deleteCleanly,
  deleting,
  give,
  inTurn,
  joined,
  leaveToBridge,
  nodeJoinDeadlineMs,
  reachRunning,
  refuse,
  runningLife,
  type Scenario,
} from './scenario.ts';

/** The lives that are recorded, by the names of their histories; made anew for each recording. */
export const scenarios: Record<string, () => Scenario> = {
  'whole-life': () => ({
    async live(driver) {
      await reachRunning(driver);
      await deleteCleanly(driver);
    },
  }),

  'journal-without-its-database': () => ({
    journalIsAway: true,
    activities: { recordJournal: async ({ entries }) => entries.at(-1)?.number ?? 0 },
    async live(driver) {
      await reachRunning(driver);
      await driver.untilRan('recordJournal');
      await deleteCleanly(driver);
      await driver.untilRan('recordJournal', 2);
    },
  }),

  'deletion-during-reprovisioning': () => ({
    async live(driver) {
      await driver.observe();
      await driver.untilRan('awaitPlanResult');
      await driver.observe({ deleting: true, provisioning: null });
      await driver.answer('clean', { kind: 'applied' });
      await driver.untilRan('releaseHost');
    },
  }),

  'fallback-boot-retried': () => ({
    activities: {
      writeReprovisionPlan: inTurn<ProvisionOutcome>(
        give({ kind: 'written', plan: { ...plan(), reportsBoot: true } }),
        give({ kind: 'written', plan: { ...plan(), attempt: 2, reportsBoot: true } }),
      ),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForBoot');
      await driver.observe({ provisioning: null, boot: 'fallback' });
      await driver.untilReason('BootedFallback');
      await driver.operate('retry');
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilRan('completeProvisioning', 2);
      await driver.observe({ ...joined, boot: 'active' });
      await driver.untilReason('Booted');
      await driver.operate('pause');
      await driver.untilReason('Paused');
      await driver.operate('resume');
      await driver.untilReason('NotPaused');
    },
  }),

  'planned-at-once': () => ({
    activities: {
      beginLife: give({
        kind: 'claimTried',
        claim: { kind: 'claimed', host: host() },
        planned: {
          kind: 'written',
          plan: { ...plan(), reportsBoot: true },
          host: host(),
          image: 'registry.example/os:v1',
        },
        nodeJoinDeadlineMs,
        statusWritten: true,
        entryWritten: true,
      }),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.observe({ ...joined, boot: 'active' });
      await driver.untilReason('Booted');
      await driver.observe({ deleting: true });
      await driver.answer('clean', { kind: 'applied' });
    },
  }),

  'host-told-missing-while-it-stands': () => {
    const wanted = { kind: 'hostWanted', inventory: 'h', by: 'it has registered anew', nodeJoinDeadlineMs } as const;
    return {
      activities: {
        beginLife: inTurn<BeginOutcome>(
          give({ kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs }),
          give(wanted),
          give(wanted),
          give(wanted),
        ),
      },
      async live(driver) {
        await driver.observe(joined);
        await driver.untilRan('publishStatus');
        await driver.observe({ ...joined, hostMissing: true });
        await driver.untilRan('beginLife', 4);
        await driver.observe(joined);
        await driver.untilRan('publishStatus', 2);
      },
    };
  },

  'rebooted-host': () => ({
    activities: {
      writeReprovisionPlan: give({ kind: 'written', plan: { ...plan(), reportsBoot: true } }),
      writeRebootPlan: inTurn<RebootOutcome>(
        give({ kind: 'refused', message: 'BaremetalMachine cp-2 of the control plane is not well' }),
        give({ kind: 'written', plan: { ...plan(), type: 'reboot', attempt: 2 } }),
      ),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.observe({ ...joined, boot: 'active' });
      await driver.untilReason('Booted');
      await driver.operate('reboot');
      await driver.untilRan('writeRebootPlan');
      await driver.operate('reboot');
      await driver.answer('reboot', { kind: 'applied' });
      await driver.untilRan('settleReboot');
      await driver.untilReason('WaitingForBoot');
      await driver.observe({ ...joined, boot: 'active', rebooted: 2 });
      await driver.operate('pause');
      await driver.untilReason('Paused');
    },
  }),

  'failed-plan-then-deletion': () => ({
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'failed', message: 'Step upgrade failed with exit code 3' });
      await driver.untilReason('PlanFailed');
      await driver.observe({ deleting: true, provisioning: null });
      await driver.answer('clean', { kind: 'applied' });
      await driver.untilRan('releaseHost');
    },
  }),

  'failed-clean-plan': () => ({
    async live(driver) {
      await reachRunning(driver);
      await driver.observe(deleting);
      await driver.answer('clean', { kind: 'failed', message: 'Step stop-kubelet failed with exit code 1' });
      await driver.untilReason('PlanFailed');
    },
  }),

  'exhausted-pool-woken': () => ({
    activities: {
      beginLife: give({ kind: 'claimTried', claim: { kind: 'poolMissing', pool: 'workers' }, nodeJoinDeadlineMs }),
      claimHost: inTurn<ClaimOutcome>(
        give({ kind: 'exhausted', message: 'No host of pool workers is free' }),
        give({ kind: 'claimed', host: host() }),
      ),
    },
    async live(driver) {
      await driver.observe();
      await driver.untilReason('PoolMissing');
      await driver.wake();
      await driver.untilReason('PoolExhausted');
      await driver.wake();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'slot-waited-for': () => ({
    activities: {
      writeReprovisionPlan: inTurn<ProvisionOutcome>(
        give({ kind: 'blocked', obstacles: [slotMissing({ pool: { name: 'workers', limit: 3 }, installation: 50 })] }),
        give({ kind: 'written', plan: plan() }),
      ),
    },
    async live(driver) {
      await driver.observe();
      await driver.untilReason('WaitingForSlot');
      await driver.observe({ queued: '2nd of 2, about 10 min' });
      await driver.untilRan('publishStatus', 2);
      await driver.observe({ queued: '1st of 1, about 5 min' });
      await driver.untilRan('publishStatus', 3);
      await driver.wake();
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  adoption: () => ({
    activities: {
      beginLife: give({ kind: 'provisioned', host: host(), plan: plan(), nodeJoinDeadlineMs }),
    },
    async live(driver) {
      await driver.observe(joined);
      await driver.untilReason('NodeJoined');
      await deleteCleanly(driver);
    },
  }),

  'adoption-host-missing': () => ({
    activities: {
      beginLife: inTurn<BeginOutcome>(
        give({ kind: 'hostMissing', inventory: 'h', nodeJoinDeadlineMs }),
        give({ kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs }),
      ),
    },
    async live(driver) {
      await driver.observe({ ...joined, hostMissing: true });
      await driver.untilReason('InventoryMissing');
      await driver.observe(joined);
      await driver.untilReason('InventoryAllocated');
    },
  }),

  'timed-out-plan-answered-late': () => ({
    activities: {
      writeReprovisionPlan: give({ kind: 'written', plan: { ...plan(), deadlineMs: 500 } }),
    },
    async live(driver) {
      await driver.observe();
      await driver.untilReason('PlanTimedOut');
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'node-join-timed-out': () => ({
    activities: {
      beginLife: give({ kind: 'fresh', nodeJoinDeadlineMs: 500 }),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('NodeJoinTimedOut');
      await driver.observe(joined);
      await driver.untilReason('NodeJoined');
    },
  }),

  'node-without-proof-of-boot': () => ({
    activities: {
      beginLife: give({ kind: 'fresh', nodeJoinDeadlineMs: 8_000 }),
      writeReprovisionPlan: give({ kind: 'written', plan: { ...plan(), reportsBoot: true } }),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForBoot');
      await driver.observe(joined);
      await driver.untilReason('NodeJoined');
      await driver.untilReason('BootTimedOut');
      await driver.observe({ ...joined, boot: 'active' });
      await driver.untilReason('Booted');
    },
  }),

  'obstacle-and-pause': () => ({
    activities: {
      writeReprovisionPlan: inTurn<ProvisionOutcome>(
        give({
          kind: 'blocked',
          obstacles: [{ condition: 'ImageResolved', reason: 'ImageCatalogMiss', message: 'No entry for v1.36.0' }],
        }),
        give({ kind: 'written', plan: plan() }),
      ),
    },
    async live(driver) {
      await driver.observe({ machine: null, provisioning: null });
      await driver.untilReason('WaitingForMachine');
      await driver.observe({ provisioning: null, cluster: { name: 'c', infrastructureReady: false } });
      await driver.untilReason('WaitingForClusterInfrastructure');
      await driver.observe();
      await driver.untilReason('ImageCatalogMiss');
      await driver.observe({ paused: true });
      await driver.untilReason('Paused');
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'broken-wait-cancelled-then-moved': () => ({
    activities: {
      awaitPlanResult: inTurn(refuse(ApplicationFailure.nonRetryable('ServiceUnavailable (503)')), leaveToBridge),
    },
    async live(driver) {
      await driver.observe();
      await driver.untilRan('awaitPlanResult', 2);
      await driver.cancel();
      await driver.answer('reprovision', { kind: 'lookAgain' });
      await driver.untilRan('awaitPlanResult', 3);
      await driver.answer('reprovision', { kind: 'taken' });
      await driver.untilReason('HostTaken');
      await driver.observe({ deleting: true, deletedForMove: true, paused: true });
      await driver.untilReason('Paused');
      await driver.observe({ gone: true });
    },
  }),

  'host-given-up-while-awaited': () => ({
    activities: { claimHost: give({ kind: 'claimed', host: { ...host(), inventory: 'h2' } }) },
    async live(driver) {
      await driver.observe();
      await driver.untilRan('awaitPlanResult');
      await driver.operate('reallocate');
      await driver.answer('clean', { kind: 'applied' });
      await driver.untilRan('claimHost');
      await driver.answer('reprovision', { kind: 'applied' }, 'h2');
      await driver.untilReason('WaitingForNode');
      await driver.answer('reprovision', { kind: 'failed', message: 'The host that was given up answers, too' });
    },
  }),

  'host-lost-and-adopted': () => ({
    activities: {
      beginLife: inTurn<BeginOutcome>(
        give({ kind: 'claimTried', claim: { kind: 'claimed', host: host() }, nodeJoinDeadlineMs }),
        give({ kind: 'hostMissing', inventory: 'h', nodeJoinDeadlineMs }),
        give({ kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs }),
      ),
    },
    async live(driver) {
      await reachRunning(driver);
      await driver.observe({ ...joined, hostMissing: true });
      await driver.untilReason('InventoryMissing');
      await driver.observe(joined);
      await driver.untilRan('beginLife', 3);
      await deleteCleanly(driver);
    },
  }),

  'step-refused-then-allowed': () => ({
    activities: {
      writeReprovisionPlan: inTurn<ProvisionOutcome | StepStopped>(
        give({ kind: 'stopped', reason: 'WriteRefused', message: 'secrets "h" is forbidden' }),
        give({ kind: 'written', plan: plan() }),
      ),
    },
    async live(driver) {
      await driver.observe();
      await driver.untilReason('WriteRefused');
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'answers-that-the-secret-does-not-give': () => ({
    activities: {
      completeProvisioning: inTurn<CompleteOutcome>(
        give({ kind: 'unproven', progress: { kind: 'pending' } }),
        give({ kind: 'completed' }),
      ),
      markHostUnavailable: give({ kind: 'unproven', progress: { kind: 'pending' } }),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilRan('completeProvisioning');
      await driver.answer('reprovision', { kind: 'taken' });
      await driver.untilRan('markHostUnavailable');
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'host-lost-while-its-plan-runs': () => ({
    activities: {
      beginLife: inTurn<BeginOutcome>(
        give({ kind: 'claimTried', claim: { kind: 'claimed', host: host() }, nodeJoinDeadlineMs }),
        give({ kind: 'fresh', nodeJoinDeadlineMs }),
      ),
      claimHost: give({ kind: 'claimed', host: { ...host(), inventory: 'h2' } }),
    },
    async live(driver) {
      await driver.observe();
      await driver.untilRan('awaitPlanResult');
      await driver.observe({ hostTrouble: 'lost' });
      await driver.untilRan('claimHost');
      await driver.answer('reprovision', { kind: 'applied' }, 'h2');
      await driver.untilReason('WaitingForNode');
    },
  }),

  'host-taken-from-its-node': () => ({
    activities: {
      beginLife: inTurn<BeginOutcome>(
        give({ kind: 'claimTried', claim: { kind: 'claimed', host: host() }, nodeJoinDeadlineMs }),
        give({ kind: 'hostWanted', inventory: 'h', by: 'a MachineInventorySelector owns it', nodeJoinDeadlineMs }),
      ),
    },
    async live(driver) {
      await reachRunning(driver);
      await driver.observe({ ...joined, hostTrouble: 'taken' });
      await driver.untilReason('HostTaken');
      await deleteCleanly(driver);
    },
  }),

  'said-to-be-gone': () => ({
    activities: { confirmGone: inTurn<PresenceOutcome>(give({ kind: 'live' }), give({ kind: 'gone' })) },
    async live(driver) {
      await reachRunning(driver);
      await driver.observe({ ...joined, gone: true });
      await driver.untilRan('confirmGone');
      await driver.observe({ ...joined, hostTrouble: 'unreadable' });
      await driver.untilRan('beginLife', 2);
      await driver.observe({ ...joined, gone: true });
      await driver.untilRan('confirmGone', 2);
    },
  }),

  'said-to-be-gone-while-held': () => ({
    activities: { confirmGone: give({ kind: 'live' }) },
    async live(driver) {
      await reachRunning(driver);
      await driver.operate('pause');
      await driver.observe({ ...joined, deleting: true, gone: true });
      await driver.untilRan('confirmGone');
      await driver.operate('resume');
      await deleteCleanly(driver);
    },
  }),

  'deletion-that-repeats-a-lie': () => {
    const repeated = Promise.withResolvers<void>();
    return {
      activities: {
        writeCleanPlan: inTurn<CleanOutcome>(
          () => repeated.promise.then(() => ({ kind: 'unjustified' })),
          give({ kind: 'written', plan: { ...plan(), type: 'clean' } }),
        ),
      },
      async live(driver) {
        await reachRunning(driver);
        await driver.observe(deleting);
        await driver.untilRan('writeCleanPlan');
        await driver.observe(deleting);
        repeated.resolve();
        await driver.answer('clean', { kind: 'applied' });
        await driver.untilRan('releaseHost');
      },
    };
  },

  'resumed-while-it-is-found-paused': () => {
    const resumed = Promise.withResolvers<void>();
    const paused = { kind: 'claimTried', claim: { kind: 'paused' }, nodeJoinDeadlineMs, statusWritten: true } as const;
    return {
      activities: {
        beginLife: besideTask(
          inTurn<BeginOutcome>(() => resumed.promise.then(() => paused), give({ kind: 'fresh', nodeJoinDeadlineMs })),
        ),
      },
      async live(driver) {
        await driver.observe();
        await driver.untilRan('beginLife');
        await driver.observe({ paused: true });
        await driver.observe();
        resumed.resolve();
        await driver.answer('reprovision', { kind: 'applied' });
        await driver.untilReason('WaitingForNode');
      },
    };
  },

  'host-claimed-after-a-lost-run': () => ({
    activities: {
      beginLife: give({
        kind: 'claimTried',
        claim: { kind: 'claimed', host: host() },
        nodeJoinDeadlineMs,
        describedAtMs: Date.parse('2026-11-22T00:00:00Z'),
      }),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'host-lost-before-its-plan': () => {
    const lost = Promise.withResolvers<void>();
    return {
      activities: {
        writeReprovisionPlan: inTurn<ProvisionOutcome>(
          () => lost.promise.then(() => ({ kind: 'hostLost' })),
          give({ kind: 'written', plan: plan() }),
        ),
      },
      async live(driver) {
        await driver.observe();
        await driver.untilRan('writeReprovisionPlan');
        await driver.observe({ hostMissing: true });
        lost.resolve();
        await driver.answer('reprovision', { kind: 'applied' });
        await driver.untilReason('WaitingForNode');
      },
    };
  },

  'host-that-another-run-gave-up': () => ({
    activities: {
      beginLife: inTurn<BeginOutcome>(
        give({ kind: 'claimTried', claim: { kind: 'claimed', host: host() }, nodeJoinDeadlineMs }),
        give({ kind: 'holding', host: host(), plan: { ...plan(), type: 'clean' }, nodeJoinDeadlineMs }),
      ),
      writeReprovisionPlan: inTurn<ProvisionOutcome>(
        give({ kind: 'givenUp' }),
        give({ kind: 'written', plan: plan() }),
      ),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('clean', { kind: 'applied' });
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'resumed-before-the-look-is-over': () => {
    const resumed = Promise.withResolvers<void>();
    const kept = { pausedByOperator: true, avoidedHosts: [] };
    return {
      activities: {
        beginLife: besideTask(() => resumed.promise.then(() => ({ kind: 'fresh', kept, nodeJoinDeadlineMs }))),
      },
      async live(driver) {
        await driver.observe();
        await driver.untilRan('beginLife');
        await driver.operate('resume');
        resumed.resolve();
        await driver.answer('reprovision', { kind: 'applied' });
        await driver.untilReason('WaitingForNode');
      },
    };
  },

  'paused-while-its-host-is-lost': () => {
    const paused = Promise.withResolvers<void>();
    return {
      activities: { writeCleanPlan: () => paused.promise.then(() => ({ kind: 'inventoryMissing' })) },
      async live(driver) {
        await reachRunning(driver);
        await driver.observe(deleting);
        await driver.untilRan('writeCleanPlan');
        await driver.operate('pause');
        paused.resolve();
        await driver.untilReason('Paused');
        await driver.operate('resume');
        await driver.untilRan('finishMachine');
      },
    };
  },

  'adoption-whose-look-tells-it': () => ({
    activities: {
      beginLife: give<BeginOutcome>({
        kind: 'provisioned',
        host: host(),
        plan: { ...plan(), progress: { kind: 'applied' } },
        nodeJoinDeadlineMs,
        statusWritten: true,
      }),
    },
    async live(driver) {
      await driver.observe(joined);
      await driver.untilRan('beginLife');
      await driver.observe(deleting);
      await driver.answer('clean', { kind: 'applied' });
      await driver.untilRan('releaseHost');
    },
  }),

  'adoption-whose-look-writes-the-journal': () => ({
    activities: {
      beginLife: give<BeginOutcome>({
        kind: 'provisioned',
        host: host(),
        plan: { ...plan(), progress: { kind: 'applied' } },
        nodeJoinDeadlineMs,
        statusWritten: true,
        entryWritten: true,
      }),
    },
    async live(driver) {
      await driver.observe(joined);
      await driver.untilRan('beginLife');
      await driver.observe(deleting);
      await driver.answer('clean', { kind: 'applied' });
      await driver.untilRan('releaseHost');
    },
  }),

  'host-lost-while-it-is-looked-at': () => {
    const told = Promise.withResolvers<void>();
    const there = { kind: 'provisioned', host: host(), plan: null, nodeJoinDeadlineMs } as const;
    return {
      life: runningLife(),
      activities: {
        beginLife: besideTask(
          inTurn<BeginOutcome>(
            () => told.promise.then(() => there),
            give({ kind: 'hostMissing', inventory: host().inventory, nodeJoinDeadlineMs }),
          ),
        ),
      },
      async live(driver) {
        await driver.observe({ provisioning: null, hostTrouble: 'taken' });
        await driver.untilRan('beginLife');
        await driver.observe({ provisioning: null, hostMissing: true });
        told.resolve();
        await driver.untilReason('InventoryMissing');
      },
    };
  },

  'bootstrap-secret-made-again': () => ({
    activities: {
      writeReprovisionPlan: inTurn<ProvisionOutcome>(
        give({
          kind: 'blocked',
          obstacles: [{ condition: 'BootstrapReady', reason: 'BootstrapWaiting', message: 'It is not there yet' }],
        }),
        give({ kind: 'written', plan: plan() }),
      ),
    },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'adopted-while-its-plan-runs': () => ({
    activities: { beginLife: give({ kind: 'holding', host: host(), plan: plan(), nodeJoinDeadlineMs }) },
    async live(driver) {
      await driver.observe();
      await driver.answer('reprovision', { kind: 'applied' });
      await driver.untilReason('WaitingForNode');
    },
  }),

  'told-what-came-to-nothing': () => ({
    activities: { writeCleanPlan: give<CleanOutcome>({ kind: 'unjustified' }) },
    async live(driver) {
      await reachRunning(driver);
      await driver.observe(deleting);
      await driver.untilRan('publishStatus', 2);
    },
  }),

  'continued-as-new': () => ({
    life: runningLife(),
    async live(driver) {
      await driver.observe(joined);
      await driver.untilReason('NodeJoined');
      await deleteCleanly(driver);
    },
  }),
};
