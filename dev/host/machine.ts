import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { annotations } from '../../api/constants.ts';
import { type HostAgent, type RunPlan, startHostAgent } from './agent/agent.ts';
import { bootImage, bootSeed, readJoinedIdentity, runBootStages, startPods } from './boot.ts';
import { hangingUnit, type HostDisk, simulatorFolder } from './os/disk.ts';
import { hardwareKinds, type HostHardware, layHardware } from './os/hardware.ts';
import { type AgentFaults, noFaults } from './agent/faults.ts';
import { type HostKubelet, startHostKubelet } from './node/kubelet.ts';
import type { NodeIdentity } from './node/identity.ts';
import { type HostPower, type ScheduledShutdown, watchHostPower } from './os/power.ts';
import { runHostPeriodic, runHostPlan } from './agent/script.ts';
import { defaultHostTimes, type PlanReceived, type SimulatedHostOptions } from './options.ts';

interface MachineState {
  agent: HostAgent | undefined;
  kubelet: HostKubelet | undefined;
  power: HostPower | undefined;
  bootCount: number;
  /** How many of the next boots find the active image broken. */
  fallbackBoots: number;
  identity: NodeIdentity | undefined;
  registered: boolean;
  joinProblem: string | undefined;
  running: boolean;
  hardware: HostHardware;
}

/** What carries a simulated host: its power, and what runs while it is on. */
export interface Machine {
  faults: AgentFaults;
  plansReceived: PlanReceived[];
  state: () => Readonly<MachineState>;
  isUnitStopped: (unit: string) => boolean;
  reboot: () => Promise<void>;
  die: () => Promise<void>;
  powerOn: () => Promise<void>;
  /** Lets the next boots fall back to the passive image. */
  fallBack: (times: number) => void;
  /** Somebody rebuilds it, or did at the beginning. */
  refit: (hardware: HostHardware) => void;
}

/** A machine on this disk, switched off. */
export function createMachine(options: SimulatedHostOptions, disk: HostDisk): Machine {
  const times = { ...defaultHostTimes, ...options.times };
  const faults = noFaults();
  const plansReceived: PlanReceived[] = [];
  const state: MachineState = {
    agent: undefined,
    kubelet: undefined,
    power: undefined,
    bootCount: 0,
    fallbackBoots: 0,
    identity: undefined,
    registered: false,
    joinProblem: undefined,
    running: false,
    hardware: options.hardware ?? hardwareKinds.usual,
  };
  const stoppedUnit = (unit: string): string => join(disk.root, simulatorFolder, 'services/stopped', unit);
  const isUnitStopped = (unit: string): boolean => existsSync(stoppedUnit(unit));
  const hangs = (unit: string): boolean => existsSync(join(disk.root, hangingUnit(unit)));
  // Power changes follow each other; each is decided on what the one before left.
  let last = Promise.resolve();
  const serially = (change: () => Promise<void>): Promise<void> => {
    const changed = last.then(change);
    last = changed.catch(() => undefined);
    return changed;
  };

  const runPlan: RunPlan = async (run, secret, signal) => {
    state.running = true;
    const notes = secret.metadata.annotations ?? {};
    recordPlan(plansReceived, run.checksum, notes);
    // No other plan looks, and hundreds of hosts boot in a test.
    if (notes[annotations.planType] === 'validate') await layHardware(disk, state.hardware);
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
    await startPods(disk);
    state.kubelet = startHostKubelet({
      nodes: options.nodes,
      disk,
      identity: state.identity,
      joinMs: times.nodeJoinMs,
      heartbeatMs: times.heartbeatMs,
      isStopped: () => isUnitStopped('kubelet') || hangs('kubelet'),
      onRegistered: () => (state.registered = true),
    });
  };
  const comeUp = async (): Promise<void> => {
    if (state.agent !== undefined) return;
    const mode = state.fallbackBoots > 0 ? 'passive' : 'active';
    state.fallbackBoots = Math.max(0, state.fallbackBoots - 1);
    await disk.beginBoot(mode);
    await bootImage(disk, mode);
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
      runPeriodic: (instruction, signal) => runHostPeriodic(instruction, { disk, commands: options.commands, signal }),
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
  const fallBack = (times: number): void => void (state.fallbackBoots = times);
  const refit = (hardware: HostHardware): void => void (state.hardware = hardware);
  return { faults, plansReceived, state: () => state, isUnitStopped, reboot, die, powerOn, fallBack, refit };
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
