import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import type { DemoView } from './demo-view.ts';
import { renderTables } from './render-tables.ts';

/** Where the demo speaks: lines that stay and, on a terminal, what stands now below them. */
export interface Screen {
  say(line: string): void;
  /** Something changed. */
  refresh(): void;
  /** What is shown from now on, below the tables, too. */
  show(what: { view: () => DemoView; footer: () => string }): void;
  /** Leaves what stands there last; later lines go below it. */
  close(): void;
}

/** Lines only, for logs and pipes. */
export function createPlainScreen(stream: NodeJS.WriteStream): Screen {
  return {
    say: (line) => void stream.write(`${line}\n`),
    refresh: () => undefined,
    show: () => undefined,
    close: () => undefined,
  };
}

const REDRAW_EVERY_MS = 1_000;
const REDRAW_PAUSE_MS = 100;

/** Lines that stay, and live tables below them. */
export function createTerminalScreen(stream: NodeJS.WriteStream): Screen {
  const update = createLogUpdate(stream);
  let shown: { view: () => DemoView; footer: () => string } | undefined;
  let clock: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  const draw = (): void => {
    clearTimeout(soon);
    soon = undefined;
    if (shown === undefined) return;
    const tables = renderTables(shown.view(), { nowMs: Date.now(), columns: stream.columns, paint: paintPhase });
    update(`\n${tables}\n\n${shown.footer()}`);
  };
  return {
    say: (line) => update.persist(line),
    refresh: () => void (soon ??= setTimeout(draw, REDRAW_PAUSE_MS)),
    show(what) {
      shown = what;
      clock ??= setInterval(draw, REDRAW_EVERY_MS);
      draw();
    },
    close() {
      if (shown !== undefined) draw();
      clearInterval(clock);
      clearTimeout(soon);
      shown = undefined;
      update.done();
    },
  };
}

const colours: Record<string, 'green' | 'yellow' | 'cyan' | 'red' | 'blue'> = {
  Running: 'green',
  Available: 'green',
  Allocated: 'cyan',
  Reprovisioning: 'yellow',
  Preparing: 'blue',
  Failed: 'red',
  Unavailable: 'red',
};

function paintPhase(phase: string): string {
  const colour = colours[phase];
  return colour === undefined ? phase : styleText(colour, phase);
}
