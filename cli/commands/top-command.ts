import type { Command } from 'commander';
import type { ObjectKey } from '../../api/meta.ts';
import { describeAge } from '../../domain/report/time-in-phase.ts';
import { describeWay, type Explanation } from '../../domain/report/explain/way.ts';
import type { CliWorld } from '../world/cli-world.ts';
import { readFleet, type SeenFleet } from '../access/fleet-reader.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { hostItems, machineItems, poolItems } from './items.ts';
import { needKube, withKube } from '../access/kube-access.ts';
import { createPaint } from '../output/paint.ts';
import { type Column, renderTable } from '../output/table.ts';

/** Something that does not go on by itself, or waits longer than it should. */
interface TopItem extends ObjectKey {
  kind: 'machine' | 'host' | 'pool';
  /** RFC 3339; '': not known. */
  since: string;
  word: string;
  explained: Explanation;
}

/** A machine that waits this long is worth a look, whatever it waits for. */
const LONG_MS = 10 * 60_000;

/** `ironloom top`: what is stuck, oldest first. */
export function addTopCommand(program: Command, world: CliWorld): void {
  program
    .command('top')
    .description('List what is stuck, or waits for long, oldest first, with the way out')
    .action((_options: object, command: Command) => printTop(world, command.optsWithGlobals<GlobalOptions>()));
}

function printTop(world: CliWorld, options: GlobalOptions): Promise<void> {
  return withKube(world, options, async (access) => {
    const kube = needKube(access);
    const namespace = options.allNamespaces ? undefined : (options.namespace ?? kube.namespace ?? 'default');
    const seen = await readFleet(kube.client, world, namespace);
    for (const note of seen.missing) world.complain(`note: ${note}`);
    const items = findTop(seen, world.now());
    const paint = createPaint(world, options);
    if (items.length === 0) return world.print('Nothing is stuck');
    const all = columns(world.now());
    const shown = options.allNamespaces ? all : all.filter(({ key }) => key !== 'namespace');
    world.print(renderTable(shown, items, { paint, toneOf: ({ explained }) => (explained.stuck ? 'stuck' : 'busy') }));
  });
}

/** Oldest first; those whose age nobody knows come last. */
export function findTop(seen: SeenFleet, now: Date): TopItem[] {
  const machines = machineItems(seen).flatMap((item): TopItem[] => {
    const { since, state, reason, stuck } = item.explained;
    const isLong = state !== 'Running' && now.getTime() - Date.parse(since) > LONG_MS;
    return stuck || isLong ? [{ ...item, kind: 'machine', since, word: reason }] : [];
  });
  // A host in use is stuck by its machine, and one that somebody keeps out is so on purpose.
  const hosts = hostItems(seen).flatMap((item): TopItem[] => {
    const { state, stuck } = item.explained;
    return stuck && state !== 'InUse' && state !== 'Quarantined'
      ? [{ ...item, kind: 'host', since: '', word: state }]
      : [];
  });
  const pools = poolItems(seen).flatMap((item): TopItem[] =>
    item.explained.stuck ? [{ ...item, kind: 'pool', since: '', word: item.explained.state }] : [],
  );
  return [...machines.toSorted((a, b) => Date.parse(a.since) - Date.parse(b.since)), ...hosts, ...pools];
}

function columns(now: Date): Column<TopItem>[] {
  return [
    { head: 'NAMESPACE', key: 'namespace', text: ({ namespace }) => namespace },
    { head: 'NAME', key: 'name', text: ({ kind, name }) => `${kind}/${name}` },
    { head: 'WHY', key: 'why', text: ({ word }) => word },
    { head: 'SINCE', key: 'since', text: ({ since }) => (since === '' ? '' : describeAge(since, now)) },
    {
      head: 'WAY OUT',
      key: 'way',
      text: (item) =>
        item.explained.ways
          .slice(0, 1)
          .map((way) => describeWay(way, item))
          .join(),
    },
  ];
}
