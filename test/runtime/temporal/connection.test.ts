import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { connectUntilUp } from '../../../runtime/temporal/connection.ts';
import { silentLogger } from '../kube/fake-api-server.ts';
import { createConnection, grpcError } from './fake-connection.ts';

const env = { namespace: 'metal', connectionOptions: { address: '127.0.0.1:7233' } };

describe('connectUntilUp', () => {
  it('tries until Temporal is up', async () => {
    const { connection } = createConnection();
    let tries = 0;
    const open = async () => {
      if (++tries < 3) throw new Error('Failed to connect', { cause: grpcError(14, 'refused') });
      return connection;
    };
    expect(await connectUntilUp(open, env, silentLogger, new AbortController().signal)).toBe(connection);
    expect(tries).toBe(3);
  });

  it('says why it waits, in its own words', async () => {
    const said: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line) => void said.push(line) });
    const abort = new AbortController();
    const nowhere = { namespace: 'metal', connectionOptions: { address: 'temporal.invalid:7233', tls: true } };
    const open = () => Promise.reject(new Error('Failed to connect before the deadline'));
    const waiting = connectUntilUp(open, nowhere, logger, abort.signal);
    await expect.poll(() => said.length).toBeGreaterThan(0);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
    expect(said[0]).toContain('"address":"temporal.invalid:7233","namespace":"metal","tls":true');
    expect(said[0]).toContain('"problem":"the name temporal.invalid is not found');
  });

  it('waits for the namespace, and leaves no connection behind', async () => {
    const absent = createConnection();
    absent.connection.workflowService.describeNamespace = () => Promise.reject(grpcError(5, 'not found'));
    const present = createConnection();
    const inLine = [absent.connection, present.connection];
    const open = async () => inLine.shift() ?? present.connection;
    expect(await connectUntilUp(open, env, silentLogger, new AbortController().signal)).toBe(present.connection);
    expect([absent.isClosed(), present.isClosed()]).toEqual([true, false]);
  });

  it('does not insist on a namespace that it may not ask for', async () => {
    const { connection } = createConnection();
    connection.workflowService.describeNamespace = () => Promise.reject(grpcError(7, 'denied'));
    const connected = await connectUntilUp(async () => connection, env, silentLogger, new AbortController().signal);
    expect(connected).toBe(connection);
  });

  it('stops trying when aborted', async () => {
    const abort = new AbortController();
    const open = () => {
      abort.abort(new Error('enough'));
      return Promise.reject(new Error('refused'));
    };
    await expect(connectUntilUp(open, env, silentLogger, abort.signal)).rejects.toThrow();
  });
});
