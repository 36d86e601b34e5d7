import { type Command, nameCommand } from './command.ts';
import type { Outcome } from './outcome.ts';

const columns = ['done', 'asked', 'accepted', 'refused', 'skipped'] as const satisfies readonly Outcome[];

/** Counts what became of the commands, over all sequences. */
export interface Tally {
  count(command: Command, outcome: Outcome): void;
  /** What a run said to an operator, as the status of its machine tells. */
  countVerdict(operation: { verb: string; actor: string; accepted: boolean }): void;
  /** For people, a row a command. */
  render(): string;
}

export function createTally(): Tally {
  const rows = new Map<string, Map<Outcome, number>>();
  const add = (name: string, outcome: Outcome): void => {
    const row = rows.get(name) ?? new Map<Outcome, number>();
    rows.set(name, row.set(outcome, (row.get(outcome) ?? 0) + 1));
  };
  return {
    count: (command, outcome) => add(nameCommand(command), outcome),
    countVerdict({ verb, actor, accepted }) {
      const way = actor === 'operation annotation' ? 'annotation' : actor.replace('model by ', '');
      if (way !== 'update') add(`operate ${verb} by ${way}`, accepted ? 'accepted' : 'refused');
    },
    render() {
      const names = [...rows.keys()].toSorted();
      const width = Math.max(...names.map((name) => name.length), 0);
      const line = (name: string, cells: readonly (number | string)[]): string =>
        [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(9))].join('');
      const body = names.map((name) =>
        line(
          name,
          columns.map((column) => rows.get(name)?.get(column) ?? ''),
        ),
      );
      return [line('command', columns), ...body].join('\n');
    },
  };
}
