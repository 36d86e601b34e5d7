import ora from 'ora';
import { type Forecast, foresee } from './forecast.ts';
import { type ToolName } from './table.ts';
import { canBeRedrawn } from './terminal.ts';

interface ToolPlace {
  tool: ToolName;
  version: string;
  /** The tools that have to be built, in this order. */
  tools: readonly ToolName[];
  /** Which of them this is, from 1. */
  position: number;
}
export type ToolEvent =
  | ({ kind: 'building' | 'waiting' | 'built' } & ToolPlace)
  /** A program that is installed is used; `version` is its own. */
  | { kind: 'taken'; tool: ToolName; version: string; path: string }
  /** Nothing more comes, whether or not all went well. */
  | { kind: 'finished' };
export type ToolReport = (event: ToolEvent) => void;

const LINE_EVERY_MS = 30_000;
const BAR_WIDTH = 20;

/** Shows what is being built and how much is left: a bar on a terminal, else a line now and then, on stderr. */
export function reportToTerminal(): ToolReport {
  const isTerminal = canBeRedrawn(process.stderr);
  // Discarding stdin puts the terminal into raw mode, where Ctrl-C is a byte that nobody reads.
  const spinner = isTerminal ? ora({ stream: process.stderr, discardStdin: false }) : undefined;
  const begunAt = performance.now();
  let timer: NodeJS.Timeout | undefined;

  function show(text: () => string): void {
    if (spinner === undefined) process.stderr.write(`${text()} …\n`);
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
      case 'building': {
        const toolBegunAt = performance.now();
        return show(() => {
          const now = performance.now();
          const row = { tools: event.tools, done: event.position - 1 };
          const left = foresee({ ...row, elapsedMs: now - begunAt, toolElapsedMs: now - toolBegunAt });
          return `${drawBar(left, isTerminal)} Building ${nameOf(event)}, ${tellLeft(left)}`;
        });
      }
      case 'waiting':
        return show(() => `Waiting for another process that builds ${nameOf(event)}`);
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

function nameOf({ tool, version, position, tools }: ToolPlace): string {
  return `${tool} ${version} (${position} of ${tools.length})`;
}

function drawBar({ share }: Forecast, isTerminal: boolean): string {
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const filled = Math.round(share * BAR_WIDTH);
  return isTerminal ? `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}${percent}` : percent.trimStart();
}

function tellLeft({ leftMs }: Forecast): string {
  const minutes = Math.round(leftMs / 60_000);
  return minutes < 1 ? 'less than a minute is left' : `about ${minutes} min are left; this is only the first time`;
}
