import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { annotations } from '../api/constants.ts';
import type { ObjectKey } from '../api/meta.ts';
import { type AgentTimes, type HostAgent, realAgentTimes, type RunPlan, startHostAgent } from './host-agent.ts';
import { bootSeed, readJoinedIdentity, runBootStages } from './host-boot.ts';
import type { HostCommandFolder } from './host-command-folder.ts';
import { type CommandFault, createHostDisk, type HostDisk, simulatorFolder } from './host-disk.ts';
import { type AgentFaults, noFaults } from './host-faults.ts';
import { type HostKubelet, type NodeApi, startHostKubelet } from './host-kubelet.ts';
import type { NodeIdentity } from './host-node-identity.ts';
import type { PlanSecretApi, PlanSecretFeed } from './host-plan-secret.ts';
import { type HostPower, type ScheduledShutdown, watchHostPower } from './host-power.ts';
import { runHostPlan } from './host-script.ts';

/** Times of a host, in milliseconds. */
export interface HostTimes extends AgentTimes {
  /** What `shutdown -r +1` waits. */
  rebootDelayMs: number;
  /** From power off to a running agent. */
  bootMs: number;
  /** From the boot to the registration of the Node. */
  nodeJoinMs: number;
  heartbeatMs: number;
}

/** A real agent's times; everything about power is quick. */
export const defaultHostTimes: HostTimes = {
  ...realAgentTimes,
  rebootDelayMs: 50,
  bootMs: 20,
  nodeJoinMs: 20,
  heartbeatMs: 10_000,
};

/** What a reboot takes from every host. */
export const usualVolatilePaths: readonly string[] = ['/run', '/tmp'];
/** What it takes from one with a stock Elemental image. */
export const stockVolatilePaths: readonly string[] = [
  ...usualVolatilePaths,
  '/etc/kubernetes',
  '/var/lib/cloud',
  '/var/lib/containerd',
  '/var/lib/etcd',
];

/** One distinct plan that the host ran, in order of arrival: the host's own record. */
export interface PlanReceived {
  checksum: string;
  /** Annotation `plan.type` of ours at its first run. */
  type: string | undefined;
  attemptId: string | undefined;
  /** How often the host ran it; forced runs after a boot count. */
  runs: number;
}

export interface SimulatedHostOptions extends ObjectKey {
  /** Folder that stands for the host's `/`; kept when the host stops. */
  root: string;
  commands: HostCommandFolder;
  feed: PlanSecretFeed;
  api: PlanSecretApi;
  /** The workload cluster; without it the host joins nothing. */
  nodes?: NodeApi;
  times?: Partial<HostTimes>;
  /** What a reboot loses; default `usualVolatilePaths`. */
  volatilePaths?: readonly string[];
}

/** A physical server with its agent, its power and its node. */
export interface SimulatedHost extends ObjectKey {
  readonly disk: HostDisk;
  /** Faults of the agent, to be changed at any time. */
  readonly faults: AgentFaults;
  readonly plansReceived: readonly PlanReceived[];
  readonly powered: boolean;
  readonly bootCount: number;
  /** As what this host joined the workload cluster; undefined: it is nobody's node. */
  readonly node: (NodeIdentity & { registered: boolean; running: boolean }) | undefined;
  /** Why the last boot of a seed did not join. */
  readonly joinProblem: string | undefined;
  /** Lets the next `times` calls of a command fail, print or wait. */
  failStep(step: string, times: number, fault?: Omit<CommandFault, 'step' | 'times'>): Promise<void>;
  /** The agent stops answering; false brings it back. */
  neverAnswer(silent?: boolean): void;
  crashBeforePut(times?: number): void;
  /** Loses the next results because no PUT of theirs reaches the API server. */
  apiDownAtPut(times?: number): void;
  slow(ms: number): void;
  restartAgent(): void;
  reboot(): Promise<void>;
  /** Power off, for good unless `powerOn`. */
  die(): Promise<void>;
  powerOn(): Promise<void>;
}

/** Boots a simulated host whose agent follows the plan Secret of its name. */
export async function startSimulatedHost(options: SimulatedHostOptions): Promise<SimulatedHost> {
  const disk = await createHostDisk(options.root, options.volatilePaths ?? usualVolatilePaths);
  const machine = createMachine(options, disk);
  await machine.powerOn();
  const { faults } = machine;
  return {
    namespace: options.namespace,
    name: options.name,
    disk,
    faults,
    plansReceived: machine.plansReceived,
    get powered() {
      return machine.state().agent !== undefined;
    },
    get bootCount() {
      return machine.state().bootCount;
    },
    get node() {
      const { identity, registered, kubelet } = machine.state();
      const running = kubelet !== undefined && !machine.isUnitStopped('kubelet');
      return identity === undefined ? undefined : { ...identity, registered, running };
    },
    get joinProblem() {
      return machine.state().joinProblem;
    },
    failStep: (step, times, fault = {}) => disk.injectFault({ step, times, ...fault }),
    neverAnswer: (silent = true) => {
      faults.silent = silent;
      machine.state().agent?.poke();
    },
    crashBeforePut: (times = 1) => (faults.crashesBeforePut = times),
    apiDownAtPut: (times = 1) => (faults.unreachablePuts = times * 4),
    slow: (ms) => (faults.slowMs = ms),
    restartAgent: () => machine.state().agent?.restart(),
    reboot: machine.reboot,
    die: machine.die,
    powerOn: machine.powerOn,
  };
}

interface MachineState {
  agent: HostAgent | undefined;
  kubelet: HostKubelet | undefined;
  power: HostPower | undefined;
  bootCount: number;
  identity: NodeIdentity | undefined;
  registered: boolean;
  joinProblem: string | undefined;
  running: boolean;
}

interface Machine {
  faults: AgentFaults;
  plansReceived: PlanReceived[];
  state: () => Readonly<MachineState>;
  isUnitStopped: (unit: string) => boolean;
  reboot: () => Promise<void>;
  die: () => Promise<void>;
  powerOn: () => Promise<void>;
}

function createMachine(options: SimulatedHostOptions, disk: HostDisk): Machine {
  const times = { ...defaultHostTimes, ...options.times };
  const faults = noFaults();
  const plansReceived: PlanReceived[] = [];
  const state: MachineState = {
    agent: undefined,
    kubelet: undefined,
    power: undefined,
    bootCount: 0,
    identity: undefined,
    registered: false,
    joinProblem: undefined,
    running: false,
  };
  const stoppedUnit = (unit: string): string => join(disk.root, simulatorFolder, 'services/stopped', unit);
  const isUnitStopped = (unit: string): boolean => existsSync(stoppedUnit(unit));
  // Power changes follow each other; each is decided on what the one before left.
  let last = Promise.resolve();
  const serially = (change: () => Promise<void>): Promise<void> => (last = last.then(change));

  const runPlan: RunPlan = async (run, secret, signal) => {
    state.running = true;
    recordPlan(plansReceived, run.checksum, secret.metadata.annotations ?? {});
    return runHostPlan(run, { disk, commands: options.commands, slowMs: faults.slowMs, signal });
  };
  const shutDown = (mode: ScheduledShutdown['mode']): void => {
    // Nobody waits for a reboot of the host's own; an error in it is a bug of the simulator and ends the process.
    void (mode === 'reboot' ? reboot() : die());
  };
  const goDown = async (): Promise<void> => {
    state.power?.close();
    await Promise.all([state.agent?.stop(), state.kubelet?.stop()]);
    Object.assign(state, { agent: undefined, kubelet: undefined, power: undefined, running: false });
  };
  const joinByBoot = async (): Promise<void> => {
    const seed = await bootSeed(disk);
    state.joinProblem = seed.kind === 'failed' ? seed.problem : undefined;
    await rm(stoppedUnit('containerd'), { force: true });
    if (seed.kind === 'joined') await rm(stoppedUnit('kubelet'), { force: true });
    state.registered = false;
    state.identity = seed.kind === 'joined' ? seed.identity : await readJoinedIdentity(disk);
    if (state.identity === undefined || options.nodes === undefined || isUnitStopped('kubelet')) return;
    await writeFile(join(disk.root, simulatorFolder, 'pods'), 'kube-proxy-0\ncni-0\n');
    state.kubelet = startHostKubelet({
      nodes: options.nodes,
      identity: state.identity,
      joinMs: times.nodeJoinMs,
      heartbeatMs: times.heartbeatMs,
      isStopped: () => isUnitStopped('kubelet'),
      onRegistered: () => (state.registered = true),
    });
  };
  const comeUp = async (): Promise<void> => {
    if (state.agent !== undefined) return;
    await disk.beginBoot();
    state.bootCount += 1;
    await runBootStages(disk, options.commands);
    await joinByBoot();
    const power = watchHostPower({
      root: disk.root,
      delayMs: times.rebootDelayMs,
      isRunning: () => state.running,
      shutDown,
    });
    state.power = power;
    state.agent = startHostAgent({
      key: { namespace: options.namespace, name: options.name },
      feed: options.feed,
      api: options.api,
      runPlan,
      faults,
      times,
      now: () => Date.now() + faults.clockOffsetMs,
      onRunEnded: () => {
        state.running = false;
        power.check();
      },
    });
  };
  const die = (): Promise<void> => serially(goDown);
  const powerOn = (): Promise<void> => serially(comeUp);
  const reboot = (): Promise<void> =>
    serially(async () => {
      await goDown();
      await sleep(times.bootMs);
      await comeUp();
    });
  return { faults, plansReceived, state: () => state, isUnitStopped, reboot, die, powerOn };
}

function recordPlan(plans: PlanReceived[], checksum: string, notes: Record<string, string>): void {
  const known = plans.find((plan) => plan.checksum === checksum);
  if (known !== undefined) {
    known.runs += 1;
    return;
  }
  const type = notes[annotations.planType];
  plans.push({ checksum, type, attemptId: notes[annotations.planAttempt], runs: 1 });
}
