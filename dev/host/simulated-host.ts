import type { ObjectKey } from '../../api/meta.ts';
import { type CommandFault, createHostDisk, type HostDisk } from './os/disk.ts';
import type { HostHardware } from './os/hardware.ts';
import type { AgentFaults } from './agent/faults.ts';
import type { NodeIdentity } from './node/identity.ts';
import { createMachine } from './machine.ts';
import { type PlanReceived, type SimulatedHostOptions, usualVolatilePaths } from './options.ts';

/** A physical server with its agent, its power and its node. */
export interface SimulatedHost extends ObjectKey {
  readonly disk: HostDisk;
  /** Faults of the agent, to be changed at any time. */
  readonly faults: AgentFaults;
  readonly plansReceived: readonly PlanReceived[];
  readonly powered: boolean;
  /** A plan runs; false when its result was written or lost. */
  readonly working: boolean;
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
  /** Lets the next boots find the active image broken: elemental boots the passive one. */
  fallBack(times?: number): void;
  /** Takes parts out, or puts others in. */
  refit(hardware: HostHardware): void;
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
    get working() {
      return machine.state().running;
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
    fallBack: (times = 1) => machine.fallBack(times),
    refit: machine.refit,
    reboot: machine.reboot,
    die: machine.die,
    powerOn: machine.powerOn,
  };
}
