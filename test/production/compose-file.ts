import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

const path = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));

const environment = z.record(z.string(), z.string());
/** `$$` is how Compose writes a dollar that it is to leave alone. */
const script = z.tuple([z.string()]).transform(([text]) => text.replaceAll('$$', '$'));
const job = z.object({ environment, command: script });
const composeSchema = z.object({
  services: z.object({
    postgresql: z.object({ environment: z.object({ POSTGRES_USER: z.string(), POSTGRES_PASSWORD: z.string() }) }),
    schema: job,
    temporal: z.object({ environment }),
    namespace: job,
  }),
  configs: z.object({ dynamic: z.object({ content: z.string() }) }),
});

/** What docker-compose.yml tells PostgreSQL, Temporal and the two jobs around them. */
export type ComposeFile = z.infer<typeof composeSchema>;

export async function readComposeFile(): Promise<ComposeFile> {
  return composeSchema.parse(parse(await readFile(path, 'utf8')));
}
