import type { TemporalConnection } from '../../../runtime/temporal/connection.ts';

/** An error as the gRPC library makes it. */
export const grpcError = (code: number, details: string) =>
  Object.assign(new Error(details), { code, details, metadata: {} });

interface FakeConnectionOptions {
  /** Types by name. */
  attributes?: Record<string, number>;
  refuse?: { list?: Error; add?: Error | ((name: string) => Error | undefined) };
}

/** A connection to a Temporal that has only search attributes. */
export function createConnection(options: FakeConnectionOptions = {}) {
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
        const { add } = options.refuse ?? {};
        const refusal = typeof add === 'function' ? add(Object.keys(request.searchAttributes).join(',')) : add;
        if (refusal !== undefined) throw refusal;
        Object.assign(attributes, request.searchAttributes);
      },
    },
    withDeadline: (_deadline, run) => run(),
    close: async () => void (closed = true),
  };
  return { connection, calls, isClosed: () => closed };
}
