import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Debian's own, for which cloud-init and PyYAML are packaged; not one that comes first in PATH. */
const python = '/usr/bin/python3';
const judge = new URL('judge.py', import.meta.url).pathname;
const generators = ['/usr/libexec/netplan/generate', '/usr/lib/netplan/generate', '/lib/netplan/generate'];

/** What judges lack on this machine, and how to get it. Undefined: nothing. */
export function missingJudges(): string | undefined {
  const imports = spawnSync(python, ['-c', 'import cloudinit, yaml, jinja2'], { encoding: 'utf8' });
  const lacking = [
    ...(imports.status === 0 ? [] : [`cloud-init and PyYAML for ${python}`]),
    ...(generators.some((path) => existsSync(path)) ? [] : ['netplan']),
  ];
  if (lacking.length === 0) return undefined;
  return `The judges lack ${lacking.join(' and ')}: apt-get install cloud-init netplan.io python3-yaml`;
}

const abilitiesSchema = z.object({
  cloudInit: z.string(),
  pyyaml: z.string(),
  keepsMetrics: z.boolean(),
  keepsIpv6Default: z.boolean(),
});
/** Who judges, and what this version of cloud-init loses of every network-config. */
export type Abilities = z.infer<typeof abilitiesSchema>;

const verdictSchema = z.object({
  error: z.string().optional(),
  lines: z.array(z.string()),
  warnings: z.array(z.string()),
});
export const networkAnswerSchema = z.object({
  error: z.string().optional(),
  disabled: z.boolean().default(false),
  judges: z.record(z.string(), verdictSchema).default({}),
});
export const userDataAnswerSchema = z.object({
  error: z.string().optional(),
  warnings: z.array(z.string()),
  config: z.record(z.string(), z.unknown()).default({}),
  files: z
    .array(
      z.object({
        path: z.unknown(),
        /** Base64. */
        content: z.string(),
        documents: z.array(z.unknown()).optional(),
        unreadable: z.string().optional(),
      }),
    )
    .default([]),
});

export type JudgeTask =
  | { network: string; thorough?: boolean }
  /** `userData` in base64. */
  | { userData: string; metaData: string };

/**
 * Has all tasks judged by one process, and answers in their order.
 * @throws Error when the process fails
 */
export async function judgeAll<T>(
  tasks: readonly JudgeTask[],
  schema: z.ZodType<T>,
): Promise<{ abilities: Abilities; answers: T[] }> {
  const child = spawn(python, [judge], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, 'exit');
  child.stdin.end(tasks.map((task, id) => `${JSON.stringify({ id, ...task })}\n`).join(''));
  let abilities: Abilities | undefined;
  const answers: T[] = [];
  for await (const line of lines) {
    const answer: unknown = JSON.parse(line);
    if (abilities === undefined) abilities = abilitiesSchema.parse(answer);
    else answers.push(schema.parse(answer));
  }
  const [code] = z
    .tuple([z.number().nullable()])
    .rest(z.unknown())
    .parse(await exited);
  if (code !== 0 || abilities === undefined || answers.length !== tasks.length) {
    throw new Error(`the judges ended with ${code} after ${answers.length} of ${tasks.length} answers`);
  }
  return { abilities, answers };
}
