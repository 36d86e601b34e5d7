import { msToTs } from '@temporalio/common/lib/time.js';
import { describe, expect, it } from 'vitest';
import { grpcCodes } from '../../runtime/temporal/connection.ts';
import { becomeCurrent } from '../../workers/deployment.ts';
import { silentLogger } from '../runtime/kube/fake-api-server.ts';
import { grpcError } from '../runtime/temporal/fake-connection.ts';

const build = { deploymentName: 'queue', buildId: 'two' };
const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;

/** A Temporal that knows one build, of nobody current yet, and first gives these answers to whoever asks or sets. */
async function succeed(refusals: { describe?: number[]; set?: number[] }): Promise<unknown> {
  const describing = [...(refusals.describe ?? [])];
  const setting = [...(refusals.set ?? [])];
  const over = new AbortController();
  const enough = new Error('it became current');
  const connection = {
    workflowService: {
      async describeWorkerDeployment() {
        const code = describing.shift();
        if (code !== undefined) throw grpcError(code, 'too many requests');
        return { workerDeploymentInfo: { versionSummaries: [{ deploymentVersion: build, createTime: msToTs(1) }] } };
      },
      async setWorkerDeploymentCurrentVersion() {
        const code = setting.shift();
        if (code !== undefined) throw grpcError(code, 'too many requests');
        over.abort(enough);
      },
    },
    withDeadline: <R>(_deadline: number, run: () => Promise<R>) => run(),
  };
  const canTakeOver = async () => true;
  const options = { connection, namespace: 'metal', build, canTakeOver, logger: silentLogger, signal: over.signal };
  const ended: unknown = await becomeCurrent(options).catch((error: unknown) => error);
  return over.signal.aborted ? over.signal.reason : ended;
}

describe('a build becomes current', () => {
  it.each([RESOURCE_EXHAUSTED, INTERNAL, grpcCodes.unavailable, grpcCodes.notFound])(
    'though Temporal answers %i before, as one does whose database is away',
    async (code) => {
      expect(await succeed({ describe: [code], set: [code] })).toMatchObject({ message: 'it became current' });
    },
  );

  it.each([grpcCodes.permissionDenied, grpcCodes.unimplemented])(
    'never, where Temporal answers %i, and that is thrown',
    async (code) => {
      expect(await succeed({ set: [code] })).toMatchObject({ code });
    },
  );
});
