import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { burst } from './burst.ts';
import { claims } from './claims.ts';
import { fleetMap } from './console.ts';
import { floor } from './floor.ts';
import { journal } from './journal.ts';
import { large } from './large.ts';
import { latency } from './latency.ts';
import { lives } from './lives.ts';
import type { Benchmark, Measurement } from './measurement.ts';
import { pool } from './pool.ts';
import { recordMeasurements, verdictOf } from './record.ts';
import { rest } from './rest.ts';
import { rival } from './rival.ts';
import { thousand } from './thousand.ts';

const benchmarks: readonly Benchmark[] = [
  floor,
  latency,
  burst,
  thousand,
  journal,
  claims,
  pool,
  lives,
  rest,
  large,
  fleetMap,
  rival,
];

const program = new Command()
  .name('npm run bench --')
  .description(`Measures the budgets of docs/benchmarks.md here: ${benchmarks.map(({ name }) => name).join(', ')}`)
  .argument('[names...]', 'benchmarks to run; default: all')
  .option(
    '--machines <count>',
    'machines of the benchmarks rest, console (10000), thousand (1000) and rival (100)',
    parseCount,
  )
  .option('--pairs <count>', 'pairs of turns of the benchmark rival (5)', parseCount)
  .option('--record', 'write the results to docs/benchmarks.md')
  .parse();
const { machines, pairs, record = false } = program.opts<{ machines?: number; pairs?: number; record?: boolean }>();
const names = program.args;
const unknown = names.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) program.error(`No benchmark is called ${unknown.join(', ')}`);

for (const benchmark of benchmarks.filter(({ name }) => names.length === 0 || names.includes(name))) {
  console.log(`\n${benchmark.name}: ${benchmark.about}`);
  const progress = (line: string): void => console.log(`  ${line}`);
  const pictures = new Map<string, string>();
  const draw = (file: string, svg: string): void => void pictures.set(file, svg);
  const measurements = await benchmark.run({ machines, pairs, progress, draw });
  console.log(renderTable(measurements));
  if (record) await recordMeasurements(benchmark.name, measurements, pictures);
  if (measurements.some(({ ok }) => ok === false)) process.exitCode = 1;
}

function renderTable(measurements: readonly Measurement[]): string {
  const style = { head: [], border: [] };
  const table = new Table({
    head: ['what', 'budget', 'measured', ''],
    style,
    wordWrap: true,
    colWidths: [42, 28, 60, 6],
  });
  for (const { what, budget = '', measured, ok } of measurements) table.push([what, budget, measured, verdictOf(ok)]);
  return table.toString();
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('a positive number, please');
  return count;
}
