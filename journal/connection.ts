import { Pool } from 'pg';

/** How the database of the journal is reached. */
export interface JournalAddress {
  /** `postgresql://user@host:port/database`, with the `sslmode` and `sslrootcert` of libpq. */
  url: string;
  /** Goes before one in the URL. */
  password?: string | undefined;
}

const HALF_SURE = new Set(['prefer', 'require', 'verify-ca']);

/** Below the time that a step waits: a database that does not answer is away. */
const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 10_000;

/** Connections to the database, made when they are needed. `onLost` hears of one that ends while nobody uses it. */
export function connectJournal({ url, password }: JournalAddress, onLost: (error: Error) => void): Pool {
  const address = new URL(url);
  const mode = address.searchParams.get('sslmode') ?? '';
  // What asks for TLS checks the certificate, and the name in it: half of that helps against nobody.
  if (HALF_SURE.has(mode) && !address.searchParams.has('uselibpqcompat'))
    address.searchParams.set('sslmode', 'verify-full');
  if (password !== undefined) address.password = encodeURIComponent(password);
  const pool = new Pool({
    connectionString: address.href,
    application_name: 'ironloom',
    max: 2,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  });
  pool.on('error', onLost);
  // One that ends while it is lent, between two queries, would end the process: its user hears of it by the next one.
  pool.on('connect', (client) => void client.on('error', () => {}));
  return pool;
}
