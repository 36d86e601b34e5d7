import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Site } from './site.ts';
import { useStack } from './stack.ts';
import { waitFor } from './wait-for.ts';

const lineSchema = z.looseObject({ level: z.string(), msg: z.string() });
type LogLine = z.infer<typeof lineSchema>;

/** What a worker or the bridge of the site has logged, oldest first. `name` as in `Site.start`, e.g. `worker-0`. */
export async function readLog({ namespace }: Pick<Site, 'namespace'>, name: string): Promise<LogLine[]> {
  const text = await readFile(join(useStack().logs, `${namespace}-${name}.log`), 'utf8');
  // What follows the last line end is a line that is still being written; Node's own warnings are no JSON.
  const lines = text.split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith('{')).map((line) => lineSchema.parse(JSON.parse(line)));
}

/** Waits until a line with this message, and of this machine if one is named, is in the log; answers the first. */
export async function untilLogged(
  site: Pick<Site, 'namespace'>,
  name: string,
  message: string,
  machine?: string,
): Promise<LogLine> {
  return waitFor(`${name} has logged: ${message}`, async () =>
    (await readLog(site, name)).find(
      (line) => line.msg === message && (machine === undefined || line['machine'] === `${site.namespace}/${machine}`),
    ),
  );
}
