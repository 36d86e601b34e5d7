import { describe, expect, it } from 'vitest';
import {
  connectUntilUp,
  ensureSearchAttributes,
  type TemporalConnection,
} from '../../../runtime/temporal/connection.ts';
import { silentLogger } from '../kube/fake-api-server.ts';

const keyword = 2;
const env = { namespace: 'metal', connectionOptions: { address: '127.0.0.1:7233' } };

/** An error as the gRPC library makes it. */
const grpcError = (code: number, details: string) => Object.assign(new Error(details), { code, details, metadata: {} });

function createConnection(
  options: { attributes?: Record<string, number>; refuse?: { list?: Error; add?: Error } } = {},
) {
  const attributes = { ...options.attributes };
  const calls: unknown[] = [];
  let closed = false;
  const connection: TemporalConnection = {
    workflowService: { describeNamespace: async (request) => request },
    operatorService: {
      async listSearchAttributes() {
        if (options.refuse?.list !== undefined) throw options.refuse.list;
        return { customAttributes: attributes };
      },
      async addSearchAttributes(request) {
        calls.push(request);
        if (options.refuse?.add !== undefined) throw options.refuse.add;
        Object.assign(attributes, request.searchAttributes);
      },
    },
    withDeadline: (_deadline, run) => run(),
    close: async () => void (closed = true),
  };
  return { connection, calls, isClosed: () => closed };
}

describe('ensureSearchAttributes', () => {
  it('adds what is missing, once', async () => {
    const { connection, calls } = createConnection({ attributes: { A: keyword } });
    expect(await ensureSearchAttributes(connection, 'metal', ['A', 'B'])).toEqual({ kind: 'present', added: ['B'] });
    expect(await ensureSearchAttributes(connection, 'metal', ['A', 'B'])).toEqual({ kind: 'present', added: [] });
    expect(calls).toEqual([{ namespace: 'metal', searchAttributes: { B: keyword } }]);
  });

  it('is content when another process was faster', async () => {
    const { connection } = createConnection({ refuse: { add: grpcError(6, 'already exists') } });
    expect(await ensureSearchAttributes(connection, 'metal', ['A'])).toMatchObject({ kind: 'present' });
  });

  it('needs no right to add what exists', async () => {
    const { connection } = createConnection({ attributes: { A: keyword }, refuse: { add: grpcError(7, 'denied') } });
    expect(await ensureSearchAttributes(connection, 'metal', ['A'])).toEqual({ kind: 'present', added: [] });
  });

  it.each([
    ['list' as const, 7],
    ['add' as const, 7],
    ['list' as const, 16],
    ['list' as const, 12],
  ])('says what to run when %s is refused with %i', async (verb, code) => {
    const { connection } = createConnection({ refuse: { [verb]: grpcError(code, 'no rights') } });
    const outcome = await ensureSearchAttributes(connection, 'metal', ['A', 'B']);
    expect(outcome).toMatchObject({ kind: 'missing', names: ['A', 'B'] });
    expect(outcome).toHaveProperty(
      'message',
      'no rights; somebody with the right to do so must run: temporal operator search-attribute create --namespace metal --name A --type Keyword --name B --type Keyword',
    );
  });

  it('names attributes of another type', async () => {
    const { connection, calls } = createConnection({ attributes: { A: 1 } });
    const outcome = await ensureSearchAttributes(connection, 'metal', ['A', 'B']);
    expect(outcome).toEqual({ kind: 'missing', names: ['A'], message: 'A: not of type Keyword' });
    expect(calls).toEqual([]);
  });

  it('passes every other failure on', async () => {
    const { connection } = createConnection({ refuse: { list: grpcError(14, 'unavailable') } });
    await expect(ensureSearchAttributes(connection, 'metal', ['A'])).rejects.toThrow('unavailable');
  });
});

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
