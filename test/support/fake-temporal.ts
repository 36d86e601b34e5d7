import { once } from 'node:events';
import { createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import { defaultPayloadConverter } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';

const api = proto.temporal.api;
const messages = api.workflowservice.v1;

/** What one method answers: a message, a failure of gRPC, or nothing ever. */
type Reply = { message: Uint8Array } | { code: number; details: string } | 'silence';

/** A frontend of Temporal that speaks gRPC over HTTP/2 and answers what the test says. */
export interface FakeTemporal {
  readonly address: string;
  /** What each method answers, to each request or to this one; one that is not in here is unimplemented. */
  readonly replies: Map<string, Reply | ((request: Uint8Array) => Reply)>;
  /** The last request of a method, as it was sent. */
  lastRequest(method: string): Uint8Array;
  close(): Promise<void>;
}

const LENGTH_PREFIX_BYTES = 5;
const UNIMPLEMENTED = 12;

export async function startFakeTemporal(): Promise<FakeTemporal> {
  const replies: FakeTemporal['replies'] = new Map([
    ['GetSystemInfo', { message: messages.GetSystemInfoResponse.encode({}).finish() }],
  ]);
  const requests = new Map<string, Uint8Array>();
  const sessions = new Set<Http2Session>();
  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    const method = headers[':path']?.split('/').at(-1) ?? '';
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('end', () => {
      const request = Buffer.concat(chunks).subarray(LENGTH_PREFIX_BYTES);
      requests.set(method, request);
      const reply = replies.get(method) ?? { code: UNIMPLEMENTED, details: `no reply to ${method}` };
      send(stream, typeof reply === 'function' ? reply(request) : reply);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    address: `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    replies,
    lastRequest: (method) => requests.get(method) ?? Buffer.alloc(0),
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function send(stream: ServerHttp2Stream, reply: Reply): void {
  if (reply === 'silence' || stream.destroyed) return;
  const failed = 'code' in reply;
  const trailers = failed
    ? { 'grpc-status': String(reply.code), 'grpc-message': encodeURI(reply.details) }
    : { 'grpc-status': '0' };
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  if (failed) return void stream.end();
  const prefix = Buffer.alloc(LENGTH_PREFIX_BYTES);
  prefix.writeUInt32BE(reply.message.length, 1);
  stream.end(Buffer.concat([prefix, reply.message]));
}

/** The answer to a list: one open run for each workflow id, and the pool that it can be found by. */
export function listOf(...workflowIds: string[]): Reply {
  const executions = workflowIds.map((workflowId) => {
    const pool = defaultPayloadConverter.toPayload('workers');
    return {
      execution: { workflowId, runId: 'run' },
      type: { name: 'machineLifecycle' },
      startTime: msToTs(1000),
      status: api.enums.v1.WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING,
      searchAttributes: {
        indexedFields: { IronloomPool: { ...pool, metadata: { ...pool.metadata, type: Buffer.from('Keyword') } } },
      },
    };
  });
  return { message: messages.ListWorkflowExecutionsResponse.encode({ executions }).finish() };
}

/** The answer to a query. */
export function queryResult(value: unknown): Reply {
  const payloads = [defaultPayloadConverter.toPayload(value)];
  return { message: messages.QueryWorkflowResponse.encode({ queryResult: { payloads } }).finish() };
}

/** The answer to a query of a run that is paused. */
export function queryOfPaused(): Reply {
  const status = api.enums.v1.WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_PAUSED;
  return { message: messages.QueryWorkflowResponse.encode({ queryRejected: { status } }).finish() };
}

/** The answer to an update: what its handler returned, or why its validator refused. */
export function updateResult(outcome: { answer: string } | { refusal: string }): Reply {
  const made =
    'answer' in outcome
      ? { success: { payloads: [defaultPayloadConverter.toPayload(outcome)] } }
      : { failure: { message: outcome.refusal, source: 'TypeScriptSDK', applicationFailureInfo: { type: 'Error' } } };
  const stage = api.enums.v1.UpdateWorkflowExecutionLifecycleStage;
  const message = messages.UpdateWorkflowExecutionResponse.encode({
    outcome: made,
    stage: stage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED,
    updateRef: { updateId: 'u', workflowExecution: { workflowId: 'w', runId: 'run' } },
  }).finish();
  return { message };
}

/** Name and argument of an update as it was sent. */
export function readUpdate(request: Uint8Array): { name: string; argument: unknown; workflowId: string } {
  const { request: update, workflowExecution } = messages.UpdateWorkflowExecutionRequest.decode(request);
  const [payload] = update?.input?.args?.payloads ?? [];
  const argument: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  return { name: update?.input?.name ?? '', argument, workflowId: workflowExecution?.workflowId ?? '' };
}

/** The answer to a start. */
export function started(): Reply {
  return { message: messages.SignalWithStartWorkflowExecutionResponse.encode({ runId: 'run' }).finish() };
}

/** Names of the search attributes of a start as it was sent. */
export function readStartAttributes(request: Uint8Array): string[] {
  const { searchAttributes } = messages.SignalWithStartWorkflowExecutionRequest.decode(request);
  return Object.keys(searchAttributes?.indexedFields ?? {}).toSorted();
}

/** The query of a list as it was sent. */
export function readListQuery(request: Uint8Array): string {
  return messages.ListWorkflowExecutionsRequest.decode(request).query;
}
