import { describe, expect, it } from 'vitest';
import { childLogger, createLogger, toTemporalLogger } from '../../runtime/logger.ts';
import { KubeConnectionError } from '../../runtime/kube/client.ts';

function createCapture() {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'debug',
    component: 'test',
    destination: { write: (line) => lines.push(line) },
  });
  const last = (): unknown => JSON.parse(lines.at(-1) ?? 'null');
  return { logger, lines, last };
}

describe('logger', () => {
  it('writes JSON lines with level, component and the keys of its object', () => {
    const { logger, last } = createCapture();
    childLogger(logger, { machine: 'lab/m1', host: 'rack-1' }).info({ attempt: 2 }, 'Writing plan');
    expect(last()).toMatchObject({
      level: 'info',
      component: 'test',
      machine: 'lab/m1',
      host: 'rack-1',
      attempt: 2,
      msg: 'Writing plan',
    });
  });

  it('hides what looks like a secret, down to two levels', () => {
    const { logger, lines } = createCapture();
    const leak = { data: { value: 'hunter2' }, plan: 'hunter2', token: 'hunter2', 'failed-output': 'hunter2' };
    logger.info(leak, 'a');
    logger.info({ secret: leak }, 'b');
    logger.info({ deep: { secret: leak } }, 'c');
    logger.info({ headers: { authorization: 'hunter2' } }, 'd');
    expect(lines).toHaveLength(4);
    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).toContain('[redacted]');
  });

  it('writes errors with their causes and without their other fields', () => {
    const { logger, lines, last } = createCapture();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', body: 'hunter2' });
    logger.warn({ err: new KubeConnectionError('GET /x', { timedOut: false, cause }) }, 'Failed');
    expect(last()).toMatchObject({
      err: { type: 'KubeConnectionError', message: 'GET /x', cause: { message: 'refused', code: 'ECONNREFUSED' } },
    });
    expect(lines.join()).not.toContain('hunter2');
  });

  it('writes the first of the errors that one stands for', () => {
    const { logger, lines, last } = createCapture();
    const errors = ['a', 'b', 'c', 'd'].map((name) => Object.assign(new Error(name), { body: 'hunter2' }));
    logger.warn({ err: new AggregateError(errors, '4 hosts failed') }, 'Failed');
    expect(last()).toMatchObject({
      err: { message: '4 hosts failed', errors: [{ message: 'a' }, { message: 'b' }, { message: 'c' }] },
    });
    expect(lines.join()).not.toContain('hunter2');
  });

  it('survives a cause that is its own cause', () => {
    const { logger, lines } = createCapture();
    const error: Error & { cause?: unknown } = new Error('round');
    error.cause = error;
    logger.error({ err: error }, 'Failed');
    expect(lines).toHaveLength(1);
  });

  it("passes Temporal's lines on, with their level", () => {
    const { logger, last } = createCapture();
    const temporal = toTemporalLogger(logger);
    temporal.log('WARN', 'Poll failed', { workflowId: 'machine/lab/m1/uid' });
    expect(last()).toMatchObject({ level: 'warn', msg: 'Poll failed', workflowId: 'machine/lab/m1/uid' });
    temporal.error('Activity failed', { error: new Error('why') });
    expect(last()).toMatchObject({ level: 'error', err: { message: 'why' } });
    temporal.trace('below the level');
    expect(last()).toMatchObject({ level: 'error' });
    temporal.info('no meta');
    expect(last()).toMatchObject({ level: 'info', msg: 'no meta' });
  });

  it('leaves out the token with which an activity is completed', () => {
    const { logger, lines, last } = createCapture();
    toTemporalLogger(logger).info('Claimed a host', { taskToken: 'c2VjcmV0', attempt: 1 });
    expect(last()).toMatchObject({ msg: 'Claimed a host', attempt: 1 });
    expect(lines.join()).not.toContain('taskToken');
  });

  it('says once that Temporal is away, whoever finds out', () => {
    const { logger, lines } = createCapture();
    const away = Object.assign(new Error('14 UNAVAILABLE: No connection established'), { code: 14 });
    logger.warn({ err: new Error('Failed to signal', { cause: away }), key: 'lab/m1' }, 'Reconcile failed');
    childLogger(logger, { machine: 'lab/m2' }).warn({ err: new Error('Failed', { cause: away }) }, 'Reconcile failed');
    logger.warn({ problem: 'Temporal does not answer: transport error' }, 'Tasks do not reach this worker');
    toTemporalLogger(logger).warn('Poll failed', {
      error: 'Status { code: Unavailable, message: "tcp connect error" }',
    });
    const closed = 'Status { code: Cancelled, source: Some(tonic::transport::Error(Transport, "connection closed")) }';
    toTemporalLogger(logger).warn('gRPC call poll_workflow_task_queue retried 8 times', { error: closed });
    logger.warn({ problem: 'Temporal does not answer: nothing within 1500 ms' }, 'Tasks do not reach this worker');
    expect(lines).toHaveLength(1);
    logger.warn({ err: new Error('no such namespace') }, 'Reconcile failed');
    logger.error({ err: new KubeConnectionError('GET /x', { timedOut: false, cause: away }) }, 'Reconcile failed');
    logger.info('Leading');
    expect(lines).toHaveLength(4);
    logger.fatal({ err: away }, 'The worker could not start');
    expect(lines).toHaveLength(5);
  });
});
