import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { nextStep } from '../../domain/life/lifecycle.ts';
import type { MachineLife } from '../../domain/life/machine-life.ts';
import { tellStory } from '../../domain/report/machine-story.ts';
import { lifeQuery } from '../../workflows/messages.ts';
import type { CliWorld } from '../world/cli-world.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { type MaybeKube, withKube } from '../access/kube-access.ts';
import { keyOf, machineArgument } from '../access/machine-name.ts';
import { askRun, findWorkflowId } from '../access/machine-run.ts';
import { printable } from '../output/printable.ts';
import { withTemporal } from '../access/temporal-client.ts';

interface ShowOptions extends GlobalOptions {
  output?: 'json' | 'yaml';
}

/** `ironloom show`: what a machine's run does, waits for and can be asked for, in its own words. */
export function addShowCommand(program: Command, world: CliWorld): void {
  program
    .command('show')
    .description("Tell what a machine's run does or waits for, and which verbs it would accept now")
    .addArgument(machineArgument())
    .addOption(new Option('-o, --output <format>', 'all that the run knows').choices(['json', 'yaml']))
    .action((machine: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<ShowOptions>();
      return withKube(world, options, (access) => tellRun(world, access, machine, options));
    });
}

/** Prints what the run of a machine says. @throws CliError when there is none, or nobody answers for it */
export function tellRun(world: CliWorld, access: MaybeKube, machine: string, options: ShowOptions): Promise<void> {
  return withTemporal(world.answerTimeoutMs, async (source) => {
    const workflowId = await findWorkflowId(source, access.kube, machine, keyOf(machine, options, access));
    const life = await askRun(source, workflowId, (run) => run.query(lifeQuery));
    if (options.output === 'yaml') return world.print(stringify({ workflowId, life }).trimEnd());
    if (options.output === 'json') return world.print(JSON.stringify({ workflowId, life }, null, 4));
    const story = life === null ? ['It has not been told anything yet'] : tellLife(life);
    world.print([workflowId, ...story].map(printable).join('\n'));
  });
}

/** The story that the Temporal UI shows as the run's details, without its markup, and what was asked for last. */
function tellLife(life: MachineLife): string[] {
  const story = tellStory(life, nextStep(life))
    .replaceAll(/\*\*|`/g, '')
    .split('\n');
  const { lastOperation: last } = life;
  if (last === null) return story;
  const outcome = last.accepted ? 'accepted' : 'refused';
  return [...story, `Last asked: ${last.verb} by ${last.actor} (${last.reason}), ${outcome}: ${last.answer}`];
}
