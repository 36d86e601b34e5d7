import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { runDemo } from './demo/run-demo.ts';
import { createPlainScreen, createTerminalScreen } from './demo/screen.ts';
import { ProcessNotReadyError } from './process/ready.ts';
import { ToolBuildError } from './tools/go.ts';
import { canBeRedrawn } from './tools/terminal.ts';

const USAGE = `Usage: npm run demo -- [--once]
Starts a management cluster with simulated hosts on this machine and shows machines coming up and going down.
  --once  ends after the story; the last line is "demo: ok", and the exit code 0, when everything was as it should be`;

/** Somebody wants the demo to end. */
class Interrupted extends Error {
  readonly exitCode: number;
  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`Ended by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

// npm and the terminal may both pass on one Ctrl-C; a second one does not wait for an orderly end.
const SAME_SIGNAL_MS = 500;

/** Aborts at the first signal; ends the process at the second. */
function listenToSignals(): AbortSignal {
  const ending = new AbortController();
  let firstAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const interrupted = new Interrupted(signal);
      if (firstAt !== undefined && performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(interrupted.exitCode);
      firstAt ??= performance.now();
      ending.abort(interrupted);
    });
  }
  return ending.signal;
}

async function main(once: boolean): Promise<number> {
  const hasTables = canBeRedrawn(process.stdout);
  const screen = hasTables ? createTerminalScreen(process.stdout) : createPlainScreen(process.stdout);
  const signal = listenToSignals();
  try {
    const failed = await runDemo({ screen, hasTables, once, pauseMs: hasTables ? 3_000 : 0, signal });
    for (const { name } of failed) console.log(`demo: failed: ${name}`);
    if (failed.length > 0) return 1;
    console.log('demo: ok');
    return 0;
  } catch (error) {
    if (signal.aborted && signal.reason instanceof Interrupted) return signal.reason.exitCode;
    const expected = error instanceof ToolBuildError || error instanceof ProcessNotReadyError;
    console.error(expected ? error.message : error);
    return 1;
  }
}

try {
  const { values } = parseArgs({ options: { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) console.log(USAGE);
  else process.exit(await main(values.once === true));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 2;
}
