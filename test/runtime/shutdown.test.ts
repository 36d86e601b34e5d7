import { describe, expect, it } from 'vitest';
import { installShutdown, type ShutdownOptions } from '../../runtime/shutdown.ts';
import { eventually, silentLogger } from './kube/fake-api-server.ts';

function create(options: Partial<ShutdownOptions> = {}) {
  const listeners = new Map<string, (argument: unknown) => void>();
  const exits: number[] = [];
  const control = {
    on: (event: string, listener: (argument: unknown) => void) => listeners.set(event, listener),
    exit: (code: number) => void exits.push(code),
  };
  const shutdown = installShutdown({ logger: silentLogger, process: control, ...options });
  const emit = (event: string, argument?: unknown) => listeners.get(event)?.(argument);
  const exited = () => eventually(() => exits.length > 0 && exits, 'an exit');
  return { shutdown, emit, exits, exited };
}

describe('shutdown', () => {
  it('aborts, closes the last opened first, one after the other, and exits with 0', async () => {
    const { shutdown, emit, exited } = create();
    const order: string[] = [];
    for (const name of ['client', 'informers', 'queue']) {
      shutdown.onShutdown(name, async () => {
        order.push(`${name} begins, aborted ${shutdown.signal.aborted}`);
        await Promise.resolve();
        order.push(`${name} ends`);
      });
    }
    emit('SIGTERM');
    expect(await exited()).toEqual([0]);
    expect(order).toEqual(
      ['queue', 'informers', 'client'].flatMap((name) => [`${name} begins, aborted true`, `${name} ends`]),
    );
  });

  it('goes on when a closer fails, and exits with 1', async () => {
    const { shutdown, emit, exited } = create();
    let closed = false;
    shutdown.onShutdown('good', () => {
      closed = true;
    });
    shutdown.onShutdown('bad', () => Promise.reject(new Error('stuck')));
    emit('SIGINT');
    expect([await exited(), closed]).toEqual([[1], true]);
  });

  it('does not wait longer than the deadline', async () => {
    const { shutdown, emit, exited } = create({ deadlineMs: 20 });
    shutdown.onShutdown('hung', () => new Promise(() => {}));
    emit('SIGTERM');
    expect(await exited()).toEqual([1]);
  });

  it('exits at once on a second signal', () => {
    const { shutdown, emit, exits } = create();
    shutdown.onShutdown('hung', () => new Promise(() => {}));
    emit('SIGINT');
    expect(exits).toEqual([]);
    emit('SIGINT');
    expect(exits).toEqual([130]);
  });

  it.each(['unhandledRejection', 'uncaughtException'])('exits with 1 on %s', (event) => {
    const { emit, exits } = create();
    emit(event, new Error('bug'));
    expect(exits).toEqual([1]);
  });

  it('keeps the exit code that was asked for', async () => {
    const { shutdown, exited } = create();
    shutdown.shutdown('worker failed', 3);
    shutdown.shutdown('again', 4);
    expect(await exited()).toEqual([3]);
  });
});
