import { runCli } from '../../cli/run-cli.ts';
import type { CliWorld } from '../../cli/world/cli-world.ts';

/** Calls `ironloom` in this process; the user of the operating system is `ada`. */
export async function callCli(args: readonly string[], changes: Partial<CliWorld> = {}) {
  const out: string[] = [];
  const complaints: string[] = [];
  const code = await runCli([...args], {
    print: (text) => out.push(text),
    complain: (text) => complaints.push(text),
    isTerminal: false,
    osUser: () => 'ada',
    answerTimeoutMs: 5_000,
    now: () => new Date('2026-07-05T04:00:00Z'),
    signal: new AbortController().signal,
    ...changes,
  });
  return { code, out: out.join('\n'), complaint: complaints.join('\n') };
}
