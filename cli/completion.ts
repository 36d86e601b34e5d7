import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { objectMetaOnlySchema } from '../api/resources.ts';
import { hostVerbs } from '../domain/hosts/host-verbs.ts';
import type { CliWorld } from './world/cli-world.ts';
import type { GlobalOptions } from './world/global-options.ts';
import { findKind, kindResources } from './world/kinds.ts';
import { withKube } from './access/kube-access.ts';

/** A shell waits for it at each key. */
const ASK_TIMEOUT_MS = 2_000;
const MAX_NAMES = 500;

/** What a shell asks for at each tab: `complete -- <the words so far>`. Names are asked for beforehand. */
export async function addCompletion(program: Command, world: CliWorld, args: readonly string[]): Promise<void> {
  const root = tab(program, { completionCommandName: 'completion' });
  if (args[0] !== 'complete') return;
  const words = args.slice(2);
  const names = await listNames(program, world, words);
  for (const command of root.commands.values()) {
    for (const argument of command.arguments.values()) {
      if (argument.name === 'kind') continue;
      argument.handler = (complete) => {
        for (const name of names) complete(name, '');
      };
    }
  }
}

/** None where nobody can be asked: a completion never complains. */
async function listNames(program: Command, world: CliWorld, words: readonly string[]): Promise<string[]> {
  const host = hostVerbs.some((verb) => words.includes(verb));
  const kind = words.flatMap((word) => findKind(word) ?? []).at(0) ?? (host ? 'host' : 'machine');
  const options = readGlobals(program, words);
  try {
    return await withKube({ ...world, answerTimeoutMs: ASK_TIMEOUT_MS }, options, async ({ kube }) => {
      const namespace = options.namespace ?? kube?.namespace ?? 'default';
      const page = await kube?.client.list(kindResources[kind], { namespace, metadataOnly: true, limit: MAX_NAMES });
      return (page?.items ?? []).map((item) => objectMetaOnlySchema.parse(item).metadata.name);
    });
  } catch {
    return [];
  }
}

function readGlobals(program: Command, words: readonly string[]): GlobalOptions {
  const found: GlobalOptions = { color: false };
  for (const option of program.options) {
    const at = words.findIndex((word) => word === option.short || word === option.long);
    const value = at < 0 ? undefined : words[at + 1];
    const name = option.attributeName();
    if (value !== undefined && (name === 'namespace' || name === 'context' || name === 'kubeconfig')) {
      found[name] = value;
    }
  }
  return found;
}
