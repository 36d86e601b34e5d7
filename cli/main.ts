#!/usr/bin/env node
import { Command } from 'commander';
import { addListCommand } from './list-command.ts';
import { addOperationCommands } from './operation-commands.ts';
import { addShowCommand } from './show-command.ts';

/**
 * `ironloom`: what an operator does with machines, over Temporal alone. Reaches it as the Temporal CLI does
 * (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS…, or a profile).
 */
const program = new Command('ironloom').description('Inspect and recover bare-metal machines');
addListCommand(program);
addShowCommand(program);
addOperationCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
