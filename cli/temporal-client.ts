import { Client, Connection } from '@temporalio/client';
import { readEnv } from '../runtime/env.ts';

/** Runs `body` with a client of the configured namespace. @throws Error that names the address when it is not reached */
export async function withTemporal<T>(body: (client: Client) => Promise<T>): Promise<T> {
  const { temporal } = readEnv();
  const { connectionOptions, namespace } = temporal;
  const connection = await Connection.connect(connectionOptions).catch((error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Error(`Temporal at ${connectionOptions.address} is not reached: ${problem}`, { cause: error });
  });
  try {
    return await body(new Client({ connection, namespace }));
  } finally {
    await connection.close();
  }
}
