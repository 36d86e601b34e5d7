import { createServer } from 'node:net';

// Below the range from which Linux takes the source ports of connections: those would take a port that we found free.
const FIRST_PORT = 10_240;
const LAST_PORT = 31_999;
const ATTEMPTS = 200;

/** Finds `count` different ports that nothing listens on at 127.0.0.1. */
export async function findFreePorts<N extends number>(count: N): Promise<Tuple<N>> {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && ports.size < count; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
    if (!ports.has(port) && (await canListen(port))) ports.add(port);
  }
  const found = [...ports];
  if (!hasLength(found, count)) throw new Error(`Found no ${count} free ports on 127.0.0.1`);
  return found;
}

type Tuple<N extends number, T extends number[] = []> = T['length'] extends N ? T : Tuple<N, [...T, number]>;

function hasLength<N extends number>(found: number[], count: N): found is number[] & Tuple<N> {
  return found.length === count;
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
