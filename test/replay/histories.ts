import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Every worker and client that takes part in a recording calls itself so: the default is pid@hostname. */
export const RECORDER_IDENTITY = 'ironloom-recorder';

const folder = fileURLToPath(new URL('histories/', import.meta.url));

/** A recorded history: `<scenario>.<number>.json`; the higher number is the younger code. */
export interface RecordedHistory {
  scenario: string;
  file: string;
  text: string;
}

/** All histories that are checked in, in the order of their names. */
export function readHistories(): RecordedHistory[] {
  return listFiles().map((file) => ({
    scenario: scenarioOf(file),
    file,
    text: readFileSync(`${folder}${file}`, 'utf8'),
  }));
}

/** Writes a history beside the older ones of its scenario, or instead of them. Answers the file's name. */
export function writeHistory(scenario: string, text: string, { replace }: { replace: boolean }): string {
  mkdirSync(folder, { recursive: true });
  const older = listFiles().filter((file) => scenarioOf(file) === scenario);
  if (replace) for (const file of older) rmSync(`${folder}${file}`);
  const numbers = replace ? [] : older.map((file) => Number(file.split('.')[1]));
  const file = `${scenario}.${Math.max(0, ...numbers) + 1}.json`;
  writeFileSync(`${folder}${file}`, text);
  return file;
}

function listFiles(): string[] {
  return readdirSync(folder)
    .filter((file) => /^[a-z-]+\.\d+\.json$/.test(file))
    .toSorted();
}

function scenarioOf(file: string): string {
  return file.split('.')[0] ?? file;
}
