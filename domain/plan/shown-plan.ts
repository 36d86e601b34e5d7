import { z } from 'zod';
import { readPlanAttempt } from './document.ts';

const planSchema = z.object({
  files: z.array(z.object({ path: z.string(), content: z.string().default('') })).nullish(),
  instructions: z.array(z.object({ name: z.string().default(''), args: z.array(z.string()).nullish() })).nullish(),
});

/** Files of our plans that hold what a template of the contract may hold; the user-data holds tokens and keys. */
const openFiles = ['meta-data', 'network-config'];
const SECRET_WORD = /pass|secret|token|psk|private/i;

/**
 * The lines of a plan that people may be shown, to be compared with those of another: of the files of a plan of ours what
 * is not secret, and its script, which the host's agent logs anyway. Of a plan of somebody else the names alone.
 */
export function showPlan(stored: Uint8Array): string[] {
  const parsed = planSchema.safeParse(parseJson(Buffer.from(stored).toString('utf8')));
  if (!parsed.success) return stored.length === 0 ? [] : ['(a plan that cannot be read)'];
  const isOurs = readPlanAttempt(stored) !== undefined;
  const { files, instructions } = parsed.data;
  return [
    ...(files ?? []).flatMap(({ path, content }) => [`file ${path}`, ...showFile(path, content, isOurs)]),
    ...(instructions ?? []).flatMap(({ name, args }) => [
      `run ${name}`,
      ...(isOurs ? (args ?? []).flatMap((arg) => indent(arg)) : ['  (not shown)']),
    ]),
  ];
}

function showFile(path: string, content: string, isOurs: boolean): string[] {
  const name = path.split('/').at(-1) ?? '';
  if (!isOurs || !openFiles.includes(name)) return ['  (not shown)'];
  return indent(Buffer.from(content, 'base64').toString('utf8'));
}

function indent(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${SECRET_WORD.test(line) ? '(not shown)' : line}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
