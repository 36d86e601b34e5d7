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
    postgresql: z.object({
      ports: z.tuple([z.string()]),
      environment: z.object({ POSTGRES_USER: z.string(), POSTGRES_PASSWORD: z.string() }),
    }),
    schema: job,
    journal: job,
    temporal: z.object({ environment }),
    namespace: job,
  }),
  configs: z.object({ dynamic: z.object({ content: z.string() }) }),
});

/** What docker-compose.yml tells PostgreSQL, Temporal and the jobs around them. */
export type ComposeFile = z.infer<typeof composeSchema>;

export async function readComposeFile(): Promise<ComposeFile> {
  return composeSchema.parse(parse(await readFile(path, 'utf8')));
}

/** Where its comment says that the journal is, for what runs outside of it. @throws Error when there is no such port */
export async function readJournalUrl(): Promise<string> {
  const [, url = ''] = /IRONLOOM_JOURNAL_URL=(\S+)/.exec(await readFile(path, 'utf8')) ?? [];
  const { ports } = (await readComposeFile()).services.postgresql;
  const { hostname, port } = new URL(url);
  if (ports[0] !== `${hostname}:${port}:5432`) throw new Error(`${url} is not at ${ports[0]}`);
  return url;
}
