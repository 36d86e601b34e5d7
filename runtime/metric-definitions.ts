/** Who shows a metric: both processes, each bridge, the bridge that leads (so that a sum counts nothing twice), each worker. */
export type Exporter = 'both' | 'bridge' | 'leader' | 'worker';

/** A metric of ours as it is told to Prometheus, whose rules of naming hold. */
export interface MetricDefinition<Label extends string = string> {
  readonly name: `ironloom_${string}`;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** One sentence; the documentation shows it, too. */
  readonly help: string;
  readonly labels: readonly Label[];
  readonly from: Exporter;
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
}

const define = <const Label extends string = never>(
  definition: Omit<MetricDefinition<Label>, 'labels'> & { labels?: readonly Label[] },
): MetricDefinition<Label> => ({ labels: [], ...definition });

const SHORT_BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30];
const CLAIM_BUCKETS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const PHASE_BUCKETS = [1, 10, 60, 300, 600, 1200, 1800, 3600, 7200, 14_400, 86_400];

/** Every metric of ours. The table in docs/monitoring.md is made of it: `npm run generate`. */
export const metricDefinitions = {
  machines: define({
    name: 'ironloom_machines',
    kind: 'gauge',
    help: 'Machines by phase and by the reason of their condition Ready.',
    labels: ['namespace', 'pool', 'phase', 'reason'],
    from: 'leader',
  }),
  longestUnready: define({
    name: 'ironloom_machines_longest_unready_seconds',
    kind: 'gauge',
    help: 'How long the machine that has waited for the longest is not Ready, by the reason that it has now.',
    labels: ['namespace', 'pool', 'reason'],
    from: 'leader',
  }),
  overDeadline: define({
    name: 'ironloom_machines_over_deadline',
    kind: 'gauge',
    help: 'Machines past a deadline of the installation, by what is late: plan, boot or node.',
    labels: ['namespace', 'pool', 'late'],
    from: 'leader',
  }),
  unattended: define({
    name: 'ironloom_machines_unattended',
    kind: 'gauge',
    help: 'Machines with news that no run has looked at for a minute.',
    from: 'leader',
  }),
  awaitingRun: define({
    name: 'ironloom_machines_awaiting_run',
    kind: 'gauge',
    help: 'New machines whose run is begun once others have shown something: of very many at once a hundred are begun at a time.',
    from: 'leader',
  }),
  runsMissing: define({
    name: 'ironloom_runs_missing',
    kind: 'gauge',
    help: 'Machines without an open run, as far as the last comparison knows.',
    from: 'leader',
  }),
  hosts: define({
    name: 'ironloom_hosts',
    kind: 'gauge',
    help: 'Hosts of a pool by state, as the status of the pool counts them.',
    labels: ['namespace', 'pool', 'state'],
    from: 'leader',
  }),
  hostsStranded: define({
    name: 'ironloom_hosts_stranded',
    kind: 'gauge',
    help: 'Hosts in use by nobody, free for nobody and waited for by no run; not known to a bridge with a watch filter.',
    labels: ['namespace', 'pool'],
    from: 'leader',
  }),
  hostsKept: define({
    name: 'ironloom_hosts_kept_by_checks',
    kind: 'gauge',
    help: 'Hosts that the checks of their pool keep out, by state: Validating or NotAccepted.',
    labels: ['namespace', 'pool', 'state'],
    from: 'leader',
  }),
  hostFailures: define({
    name: 'ironloom_host_failures',
    kind: 'gauge',
    help: 'Reprovision plans that failed on a host in a row; only hosts with more than one.',
    labels: ['namespace', 'pool', 'host'],
    from: 'leader',
  }),
  oldestWaiting: define({
    name: 'ironloom_pool_oldest_waiting_seconds',
    kind: 'gauge',
    help: 'Age of the oldest machine that waits for a host of the pool; 0: none waits.',
    labels: ['namespace', 'pool'],
    from: 'leader',
  }),
  slots: define({
    name: 'ironloom_reprovision_slots',
    kind: 'gauge',
    help: 'Where a limit is set: how many hosts may be at a reprovision plan (limit), how many are or are about to be (used), and how many machines wait (waiting). Without namespace and pool: the installation.',
    labels: ['namespace', 'pool', 'what'],
    from: 'leader',
  }),
  leader: define({
    name: 'ironloom_leader',
    kind: 'gauge',
    help: '1 on the bridge that leads, 0 on the others.',
    from: 'bridge',
  }),
  queueDepth: define({
    name: 'ironloom_workqueue_depth',
    kind: 'gauge',
    help: 'Keys that wait for a worker.',
    labels: ['queue'],
    from: 'bridge',
  }),
  queueRetries: define({
    name: 'ironloom_workqueue_retries_total',
    kind: 'counter',
    help: 'Keys brought back after an error.',
    labels: ['queue'],
    from: 'bridge',
  }),
  queueWork: define({
    name: 'ironloom_workqueue_work_duration_seconds',
    kind: 'histogram',
    help: 'Time that a handler took.',
    labels: ['queue', 'outcome'],
    from: 'bridge',
    buckets: SHORT_BUCKETS,
  }),
  runCalls: define({
    name: 'ironloom_run_calls_total',
    kind: 'counter',
    help: 'Calls to Temporal about machines: observe, tell and wake signal a run, completePlan answers one.',
    labels: ['call'],
    from: 'bridge',
  }),
  claims: define({
    name: 'ironloom_claim_duration_seconds',
    kind: 'histogram',
    help: 'Time from the moment at which a claim was due to its end, by outcome.',
    labels: ['outcome'],
    from: 'worker',
    buckets: CLAIM_BUCKETS,
  }),
  claimConflicts: define({
    name: 'ironloom_claim_conflicts_total',
    kind: 'counter',
    help: 'Claims of a host at which somebody else wrote to it first; another look follows.',
    from: 'worker',
  }),
  phases: define({
    name: 'ironloom_machine_phase_duration_seconds',
    kind: 'histogram',
    help: 'Time that machines spent in a phase, by the phase that followed; Gone: the machine was over.',
    labels: ['phase', 'next'],
    from: 'worker',
    buckets: PHASE_BUCKETS,
  }),
  plans: define({
    name: 'ironloom_plans_total',
    kind: 'counter',
    help: 'Results of plans: applied, failed, timedOut (it may still come), taken (somebody replaced it), secretMissing.',
    labels: ['type', 'result'],
    from: 'worker',
  }),
  verbs: define({
    name: 'ironloom_operations_total',
    kind: 'counter',
    help: 'What operators asked of machines (worker) and of hosts (bridge), by verb and by whether it was accepted or refused.',
    labels: ['verb', 'result'],
    from: 'both',
  }),
  informerItems: define({
    name: 'ironloom_informer_items',
    kind: 'gauge',
    help: 'Objects in a cache.',
    labels: ['informer'],
    from: 'both',
  }),
  informerInvalid: define({
    name: 'ironloom_informer_invalid_items',
    kind: 'gauge',
    help: 'Objects that exist and cannot be read.',
    labels: ['informer'],
    from: 'both',
  }),
  informerLists: define({
    name: 'ironloom_informer_lists_total',
    kind: 'counter',
    help: 'Times that a kind was listed.',
    labels: ['informer'],
    from: 'both',
  }),
  informerWatches: define({
    name: 'ironloom_informer_watches_total',
    kind: 'counter',
    help: 'Watches that were begun.',
    labels: ['informer'],
    from: 'both',
  }),
  informerFailures: define({
    name: 'ironloom_informer_failures_total',
    kind: 'counter',
    help: 'Lists and watches that failed.',
    labels: ['informer'],
    from: 'both',
  }),
  informerHandlerErrors: define({
    name: 'ironloom_informer_handler_errors_total',
    kind: 'counter',
    help: 'Changes that a handler could not take.',
    labels: ['informer'],
    from: 'both',
  }),
} as const;
