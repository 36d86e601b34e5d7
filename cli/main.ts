#!/usr/bin/env node
import { findActor } from './actor.ts';
import { runCli } from './run-cli.ts';

process.exitCode = await runCli(process.argv.slice(2), {
  print: (text) => console.log(text),
  complain: (text) => console.error(text),
  whoAsks: findActor,
  answerTimeoutMs: 30_000,
});
