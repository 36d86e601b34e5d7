import { stringify } from 'yaml';
import type { ObjectKey } from '../../api/meta.ts';
import { assertNever } from '../../domain/assert-never.ts';
import type { Explanation } from '../../domain/report/explain/way.ts';
import type { CliWorld } from '../world/cli-world.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { kindResources, type KindName } from '../world/kinds.ts';
import { createPaint, type Tone } from './paint.ts';
import { type Column, renderTable } from './table.ts';

export const outputFormats = ['wide', 'json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** One object of a list, as it is printed. */
export interface Line extends ObjectKey {
  stuck: boolean;
  calm: boolean;
  /** Texts by key of their column. */
  texts: Readonly<Record<string, string>>;
  explained?: Explanation;
}

export interface Listing {
  kind: KindName;
  columns: readonly Column<Line>[];
  items: readonly Line[];
  /** It was asked for by name. */
  single?: boolean;
}

/** The lines of items, with all their columns. */
export function toListing<Item extends ObjectKey & { explained: Explanation }>(
  columns: readonly Column<Item>[],
  items: readonly Item[],
): Omit<Listing, 'kind'> {
  return {
    columns: columns.map(({ head, key, wide }) => ({
      head,
      key,
      ...(wide && { wide }),
      text: ({ texts }: Line) => texts[key] ?? '',
    })),
    items: items.map((item) => ({
      namespace: item.namespace,
      name: item.name,
      stuck: item.explained.stuck,
      calm: item.explained.ways.length === 0,
      texts: Object.fromEntries(columns.map(({ key, text }) => [key, text(item)])),
      explained: item.explained,
    })),
  };
}

const namespaceColumn: Column<Line> = { head: 'NAMESPACE', key: 'namespace', text: ({ namespace }) => namespace };

/** The text of a list in the format that is asked for. `head` false: lines for a list that was begun before. */
export function printList(
  { kind, columns, items, single }: Listing,
  world: CliWorld,
  options: GlobalOptions & { output?: OutputFormat },
  head = true,
): string {
  switch (options.output) {
    case 'json':
      return JSON.stringify(single ? dataOf(items)[0] : { items: dataOf(items) }, null, 4);
    case 'yaml':
      return stringify(single ? dataOf(items)[0] : { items: dataOf(items) }).trimEnd();
    case 'name':
      return items
        .map(({ name }) => `${kindResources[kind].kind.toLowerCase()}.${kindResources[kind].group}/${name}`)
        .join('\n');
    case 'wide':
    case undefined: {
      if (items.length === 0) return `No ${kind}s found`;
      const shown = columns.filter(({ wide }) => wide === undefined || options.output === 'wide');
      const paint = createPaint(world, options);
      return renderTable(options.allNamespaces ? [namespaceColumn, ...shown] : shown, items, { paint, toneOf, head });
    }
    default:
      return assertNever(options.output);
  }
}

function toneOf({ stuck, calm }: Line): Tone {
  if (stuck) return 'stuck';
  return calm ? 'well' : 'busy';
}

function dataOf(items: readonly Line[]) {
  return items.map(({ namespace, name, texts, explained }) => {
    const { expected, observed, next, ways = [], stuck } = explained ?? {};
    return { namespace, name, ...texts, ...(explained && { stuck, expected, observed, whatIsNext: next, ways }) };
  });
}
