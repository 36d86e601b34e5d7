import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A row on its way to the journal. */
export interface JournalRow {
  machine: string;
  to: string;
}

/** `before`: the database has not got the rows yet; `after`: it has written them, and nobody knows. */
export type JournalSide = 'before' | 'after';

/** Stands between a worker and the database of the journal, and stops what is written. */
export interface JournalGate {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * @param onWrite asked on both sides of each write; `drop` ends the connection there, once whatever the promise waits for
 * is done
 */
export async function startJournalGate(
  databasePort: number,
  onWrite: (side: JournalSide, rows: readonly JournalRow[]) => Promise<'pass' | 'drop'>,
): Promise<JournalGate> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = connect(databasePort, '127.0.0.1');
    let written: JournalRow[] = [];
    const end = (): void => {
      client.destroy();
      database.destroy();
    };
    const ask = async (side: JournalSide, rows: JournalRow[], from: Socket, pass: () => void): Promise<void> => {
      from.pause();
      if ((await onWrite(side, rows)) === 'drop') return end();
      pass();
      from.resume();
    };
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (bytes) => {
      const rows = rowsIn(bytes);
      if (rows.length === 0) return void database.write(bytes);
      written = rows;
      void ask('before', rows, client, () => database.write(bytes));
    });
    database.on('data', (bytes) => {
      const rows = written;
      if (rows.length === 0 || !bytes.includes('INSERT 0 ')) return void client.write(bytes);
      written = [];
      void ask('after', rows, database, () => client.write(bytes));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The rows are one parameter, JSON. */
function rowsIn(bytes: Buffer): JournalRow[] {
  const rows = bytes.toString('latin1').matchAll(/"machine":"([^"]+)".*?"to_phase":"([^"]+)"/g);
  return [...rows].map(([, machine = '', to = '']) => ({ machine, to }));
}
