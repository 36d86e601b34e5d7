#!/usr/bin/env node
import { findOsUser } from './access/actor.ts';
import { runCli } from './run-cli.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());

process.exitCode = await runCli(process.argv.slice(2), {
  print: (text) => console.log(text),
  complain: (text) => console.error(text),
  isTerminal: process.stdout.isTTY,
  osUser: findOsUser,
  answerTimeoutMs: 30_000,
  now: () => new Date(),
  signal: interrupted.signal,
});
