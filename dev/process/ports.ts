import { createServer } from 'node:net';

// Below the range from which Linux takes the source ports of connections: those would take a port that we found free.
const FIRST_PORT = 10_240;
const LAST_PORT = 31_999;
const ATTEMPTS = 200;

/**
 * Processes that look for ports at the same time look at different ones: a server that is killed and started again has none
 * meanwhile, and another's could get it, or stand there for the moment of the question. Vitest numbers those that run beside
 * each other.
 */
const SLICES = 8;
const PORTS_OF_SLICE = Math.floor((LAST_PORT - FIRST_PORT + 1) / SLICES);
const firstOfSlice = FIRST_PORT + (Number(process.env['VITEST_POOL_ID'] ?? 0) % SLICES) * PORTS_OF_SLICE;

/** Ports that were found last: the process that is to listen there may need seconds until it does. */
const found = new Set<number>();
const MAX_FOUND = PORTS_OF_SLICE / 2;

/** Finds `count` different ports that nothing listens on at 127.0.0.1, and that were not found a short while ago. */
export async function findFreePorts<N extends number>(count: N): Promise<Tuple<N>> {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && ports.size < count; attempt++) {
    const port = firstOfSlice + Math.floor(Math.random() * PORTS_OF_SLICE);
    if (found.has(port)) continue;
    remember(port);
    if (await canListen(port)) ports.add(port);
  }
  const free = [...ports];
  if (!hasLength(free, count)) throw new Error(`Found no ${count} free ports on 127.0.0.1`);
  return free;
}

function remember(port: number): void {
  found.add(port);
  const [oldest] = found;
  if (found.size > MAX_FOUND && oldest !== undefined) found.delete(oldest);
}

type Tuple<N extends number, T extends number[] = []> = T['length'] extends N ? T : Tuple<N, [...T, number]>;

function hasLength<N extends number>(ports: number[], count: N): ports is number[] & Tuple<N> {
  return ports.length === count;
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
