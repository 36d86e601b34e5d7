/** Series of Prometheus in its own notation for tests: the values of successive minutes. */
type Series = Readonly<Record<string, string>>;

export interface AlertTest {
  /** The alert rings with these labels after the time. */
  rings: Series;
  labels: Readonly<Record<string, string>>;
  after: string;
  /** It does not ring after the same time. */
  silent: Series;
}

const pool = 'namespace="n", pool="p"';
const place = { namespace: 'n', pool: 'p' };

/** For each alert of config/monitoring when it rings, and when it does not. */
export const alertTests: Readonly<Record<string, AlertTest>> = {
  IronloomMachineStuck: {
    rings: { [`ironloom_machines_longest_unready_seconds{${pool}, reason="BootstrapWaiting"}`]: '7000+60x20' },
    labels: { ...place, reason: 'BootstrapWaiting' },
    after: '15m',
    silent: {
      [`ironloom_machines_longest_unready_seconds{${pool}, reason="PoolExhausted"}`]: '90000+60x20',
      [`ironloom_machines_longest_unready_seconds{${pool}, reason="PlanPending"}`]: '600+60x20',
    },
  },
  IronloomMachineFailed: {
    rings: { [`ironloom_machines{${pool}, phase="Failed", reason="PlanFailed"}`]: '1x20' },
    labels: { ...place, reason: 'PlanFailed' },
    after: '15m',
    silent: { [`ironloom_machines{${pool}, phase="Running", reason="Ready"}`]: '9x20' },
  },
  IronloomHostFailedTwice: {
    rings: { [`ironloom_host_failures{${pool}, host="h"}`]: '2x20' },
    labels: { ...place, host: 'h' },
    after: '5m',
    silent: {},
  },
  IronloomPoolNearlyExhausted: {
    rings: {
      [`ironloom_hosts{${pool}, state="available"}`]: '1x60',
      [`ironloom_hosts{${pool}, state="allocated"}`]: '19x60',
    },
    labels: place,
    after: '40m',
    silent: {
      [`ironloom_hosts{${pool}, state="available"}`]: '0x60',
      [`ironloom_hosts{${pool}, state="allocated"}`]: '0x60',
      'ironloom_hosts{namespace="n", pool="q", state="available"}': '3x60',
      'ironloom_hosts{namespace="n", pool="q", state="allocated"}': '17x60',
    },
  },
  IronloomPoolExhausted: {
    rings: { [`ironloom_pool_oldest_waiting_seconds{${pool}}`]: '600+60x30' },
    labels: place,
    after: '20m',
    silent: { [`ironloom_pool_oldest_waiting_seconds{${pool}}`]: '0x30' },
  },
  IronloomOverDeadline: {
    rings: { [`ironloom_machines_over_deadline{${pool}, late="boot"}`]: '1x20' },
    labels: { ...place, late: 'boot' },
    after: '5m',
    silent: {},
  },
  IronloomRefusedWrites: {
    rings: { [`ironloom_machines{${pool}, phase="Preparing", reason="WriteRefused"}`]: '2x20' },
    labels: { ...place, reason: 'WriteRefused' },
    after: '10m',
    silent: { [`ironloom_machines{${pool}, phase="Preparing", reason="PlanPending"}`]: '2x20' },
  },
  IronloomUnreadableObjects: {
    rings: { 'ironloom_informer_invalid_items{component="bridge", informer="hosts"}': '1x20' },
    labels: { component: 'bridge', informer: 'hosts' },
    after: '15m',
    silent: { 'ironloom_informer_invalid_items{component="bridge", informer="hosts"}': '0x20' },
  },
  IronloomHostStranded: {
    rings: { [`ironloom_hosts_stranded{${pool}}`]: '1x90' },
    labels: place,
    after: '80m',
    silent: { [`ironloom_hosts_stranded{${pool}}`]: '0x90' },
  },
  IronloomNoWorker: {
    // Somebody still asks for activities; a worker that is being stopped counts its pollers down.
    rings: {
      'temporal_num_pollers{poller_type="activity_task"}': '5x20',
      'temporal_num_pollers{poller_type="workflow_task"}': '5 0x20',
    },
    labels: {},
    after: '10m',
    silent: { 'temporal_num_pollers{poller_type="workflow_task"}': '5x20' },
  },
  IronloomRunsNotPickedUp: {
    rings: { ironloom_machines_unattended: '3x20' },
    labels: {},
    after: '5m',
    silent: { ironloom_machines_unattended: '0x20' },
  },
  IronloomRunsMissing: {
    rings: { ironloom_runs_missing: '1x30' },
    labels: {},
    after: '20m',
    silent: { ironloom_runs_missing: '0x30' },
  },
  IronloomNoLeader: {
    rings: { 'ironloom_leader{pod="a"}': '0x20', 'ironloom_leader{pod="b"}': '0x20' },
    labels: {},
    after: '5m',
    silent: { 'ironloom_leader{pod="a"}': '0x20', 'ironloom_leader{pod="b"}': '1x20' },
  },
  IronloomClaimsSlow: {
    rings: {
      'ironloom_claim_duration_seconds_bucket{outcome="claimed", le="3"}': '0x40',
      'ironloom_claim_duration_seconds_bucket{outcome="claimed", le="10"}': '0+10x40',
      'ironloom_claim_duration_seconds_bucket{outcome="claimed", le="+Inf"}': '0+10x40',
    },
    labels: {},
    after: '30m',
    silent: {
      'ironloom_claim_duration_seconds_bucket{outcome="claimed", le="3"}': '0+10x40',
      'ironloom_claim_duration_seconds_bucket{outcome="claimed", le="10"}': '0+10x40',
      'ironloom_claim_duration_seconds_bucket{outcome="claimed", le="+Inf"}': '0+10x40',
      'ironloom_claim_duration_seconds_bucket{outcome="exhausted", le="10"}': '0+10x40',
      'ironloom_claim_duration_seconds_bucket{outcome="exhausted", le="+Inf"}': '0+10x40',
    },
  },
};
