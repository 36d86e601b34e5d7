import ora from 'ora';
import { type ToolName } from './table.ts';

interface ToolPlace {
  tool: ToolName;
  version: string;
  /** Which of the tools that have to be built this is, from 1. */
  position: number;
  total: number;
}
export type ToolEvent =
  | ({ kind: 'building' | 'waiting' | 'built' } & ToolPlace)
  /** A program that is installed is used; `version` is its own. */
  | { kind: 'taken'; tool: ToolName; version: string; path: string }
  /** Nothing more comes, whether or not all went well. */
  | { kind: 'finished' };
export type ToolReport = (event: ToolEvent) => void;

const LINE_EVERY_MS = 30_000;

/** Shows what is being built and for how long: a spinner on a terminal, else a line now and then, on stderr. */
export function reportToTerminal(): ToolReport {
  const isTerminal = process.stderr.isTTY;
  // Discarding stdin puts the terminal into raw mode, where Ctrl-C is a byte that nobody reads.
  const spinner = isTerminal ? ora({ stream: process.stderr, discardStdin: false }) : undefined;
  let timer: NodeJS.Timeout | undefined;

  function show(label: string): void {
    const startedAt = performance.now();
    const text = () => `${label} (${Math.round((performance.now() - startedAt) / 1000)} s)`;
    if (spinner === undefined) process.stderr.write(`${label} …\n`);
    else spinner.start(text());
    timer = setInterval(
      () => {
        if (spinner === undefined) process.stderr.write(`${text()} …\n`);
        else spinner.text = text();
      },
      isTerminal ? 1000 : LINE_EVERY_MS,
    );
    timer.unref();
  }

  return (event) => {
    clearInterval(timer);
    switch (event.kind) {
      case 'building':
        return show(`Building ${nameOf(event)}, the first time takes minutes`);
      case 'waiting':
        return show(`Waiting for another process that builds ${nameOf(event)}`);
      case 'built':
        if (spinner === undefined) process.stderr.write(`Built ${nameOf(event)}\n`);
        else spinner.succeed(`Built ${nameOf(event)}`);
        return;
      case 'taken':
        process.stderr.write(`Taking ${event.tool} ${event.version} from ${event.path}\n`);
        return;
      case 'finished':
        spinner?.stop();
        return;
    }
  };
}

function nameOf(place: ToolPlace): string {
  return `${place.tool} ${place.version} (${place.position} of ${place.total})`;
}
