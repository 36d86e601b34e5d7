import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut, for one process. */
export interface TcpGate {
  /** host:port to go through the gate. */
  readonly address: string;
  /** Breaks all connections, and lets none through until `open`. */
  cut(): void;
  open(): void;
  close(): Promise<void>;
}

/** Stands between a process and the server at `address`, host:port. */
export async function startTcpGate(address: string): Promise<TcpGate> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((client) => {
    if (!isOpen) return void client.destroy();
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    cut() {
      isOpen = false;
      drop();
    },
    open() {
      isOpen = true;
    },
    async close() {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}
