import { annotations, type MachinePlanType } from '../../api/constants.ts';
import { touchInventory } from '../../dev/elemental/operator.ts';
import { simulatorFolder } from '../../dev/host/os/disk.ts';
import type { SimulatedHost } from '../../dev/host/simulated-host.ts';
import { type Command, slots } from './command.ts';
import { pick } from './model-state.ts';
import type { Outcome, Scene } from './outcome.ts';

/** A command of the plan's script that fails. */
const fragileSteps: Record<MachinePlanType, string> = {
  reprovision: 'elemental upgrade',
  reboot: 'shutdown -r',
  clean: 'systemctl stop',
};

type HostCommand = Extract<
  Command,
  {
    kind:
      | 'failPlan'
      | 'answerLate'
      | 'fallSilent'
      | 'speakAgain'
      | 'loseAnswer'
      | 'restartAgent'
      | 'switchOff'
      | 'switchOn'
      | 'reboot'
      | 'register';
  }
>;

/** Does something to a host, or lets it do something. */
export async function troubleHost(scene: Scene, command: HostCommand): Promise<Outcome> {
  const { lane, model } = scene;
  const host = lane.hosts.get(pick(candidatesFor(scene, command), command.nth) ?? '');
  if (host === undefined) return 'skipped';
  switch (command.kind) {
    case 'failPlan':
      await host.failStep(fragileSteps[command.plan], 1);
      break;
    case 'answerLate':
      host.slow(command.ms);
      break;
    case 'fallSilent':
      host.neverAnswer();
      model.silentHosts.add(host.name);
      break;
    case 'speakAgain':
      host.neverAnswer(false);
      model.silentHosts.delete(host.name);
      break;
    case 'loseAnswer':
      host.crashBeforePut();
      break;
    case 'restartAgent':
      host.restartAgent();
      break;
    case 'switchOff':
      await host.die();
      model.darkHosts.add(host.name);
      break;
    case 'switchOn':
      await host.powerOn();
      model.darkHosts.delete(host.name);
      break;
    case 'reboot':
      await host.reboot();
      break;
    case 'register':
      await touchInventory(lane.client, host);
      break;
  }
  return 'done';
}

/** Hosts that are in use, or those that are claimed next: there trouble is worth the while. */
export function findHostsOfInterest({ lane, model }: Scene, nth: number): string[] {
  const used = [...lane.history.hosts.values()].flatMap(({ metadata }) =>
    annotations.ownerUid in metadata.annotations ? [metadata.name] : [],
  );
  const next = slots.flatMap((slot) => model.pools[slot].members.filter((name) => !used.includes(name)).slice(0, 1));
  return nth % 2 === 0 && used.length > 0 ? used : next;
}

function candidatesFor({ lane, model }: Scene, { kind, nth }: HostCommand): string[] {
  if (kind === 'speakAgain') return [...model.silentHosts];
  if (kind === 'switchOn') return [...model.darkHosts];
  const hosts = findHostsOfInterest({ lane, model }, nth);
  if (kind === 'fallSilent') return hosts.filter((name) => !model.silentHosts.has(name));
  return kind === 'switchOff' || kind === 'reboot' ? hosts.filter((name) => !model.darkHosts.has(name)) : hosts;
}

/** Hosts run and answer, and faults that have not come about yet never will. */
export async function mendHosts({ lane, model }: Scene): Promise<void> {
  for (const host of lane.hosts.values()) {
    host.slow(0);
    host.crashBeforePut(0);
    await dropFaults(host);
    if (!host.powered) await host.powerOn();
  }
  for (const name of model.silentHosts) lane.hosts.get(name)?.neverAnswer(false);
  model.silentHosts.clear();
  model.darkHosts.clear();
}

async function dropFaults({ disk }: SimulatedHost): Promise<void> {
  const folder = `/${simulatorFolder}/faults`;
  for (const name of await disk.list(folder)) await disk.remove(`${folder}/${name}`);
}
