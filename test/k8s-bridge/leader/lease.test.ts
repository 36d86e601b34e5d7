import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLeaderElection, type LeaderElectionOptions } from '../../../k8s-bridge/leader/lease.ts';
import { createFakeLeases } from './fake-leases.ts';

const logger = pino({ level: 'silent' });
let leases: ReturnType<typeof createFakeLeases>;
/** Who does a leader's work right now. */
let working: string[];

function createProcess(name: string, options: Partial<LeaderElectionOptions> = {}) {
  const { client, state } = leases.connect(name);
  const election = createLeaderElection({
    client,
    namespace: 'lab',
    name: 'bridge',
    identity: name,
    logger,
    onStartedLeading: (signal) => {
      working.push(name);
      signal.addEventListener('abort', () => (working = working.filter((other) => other !== name)));
    },
    ...options,
  });
  election.start();
  return { election, state };
}

const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Lets time pass and fails as soon as two lead. */
async function advanceWatching(ms: number, all: { election: { isLeader(): boolean } }[]) {
  for (let passedMs = 0; passedMs < ms; passedMs += 250) {
    await advance(250);
    expect(working.length).toBeLessThanOrEqual(1);
    expect(all.filter(({ election }) => election.isLeader()).length).toBeLessThanOrEqual(1);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  leases = createFakeLeases();
  working = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe('leader election', () => {
  it('lets one of two lead and renews every two seconds', async () => {
    const [a, b] = [createProcess('a'), createProcess('b')];
    await advanceWatching(60_000, [a, b]);
    expect([working, a.election.isLeader(), b.election.isLeader()]).toEqual([['a'], true, false]);
    expect(leases.writes.length).toBeGreaterThanOrEqual(30);
    expect(leases.current()?.spec).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
    expect(leases.current()?.spec.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it('says what its leader has to say, and keeps what another one said', async () => {
    const told: Record<string, string> = {};
    const a = createProcess('a', { annotations: () => told });
    await advance(1);
    told['said'] = 'by a';
    await advance(2_000);
    expect(leases.current()?.metadata.annotations).toEqual({ said: 'by a' });
    await a.election.stop();
    createProcess('b');
    await advance(10_000);
    expect([working, leases.current()?.metadata.annotations]).toEqual([['b'], { said: 'by a' }]);
  });

  it('hands over at once when the leader stops', async () => {
    const a = createProcess('a');
    await advance(1);
    const b = createProcess('b');
    await advance(5000);
    await a.election.stop();
    expect(leases.current()?.spec.holderIdentity).toBe('');
    await advance(2000);
    expect([working, b.election.isLeader(), leases.current()?.spec.leaseTransitions]).toEqual([['b'], true, 1]);
  });

  it('waits for the work of a stopping leader before it gives the lease back', async () => {
    const work = Promise.withResolvers<void>();
    const a = createProcess('a', { onStartedLeading: () => work.promise });
    await advance(1);
    const stopping = a.election.stop();
    await advance(3000);
    expect(leases.current()?.spec.holderIdentity).toBe('a');
    work.resolve();
    await stopping;
    expect(leases.current()?.spec.holderIdentity).toBe('');
  });

  it('ends leading before anybody else begins when the leader is cut off', async () => {
    const onStoppedLeading = vi.fn();
    const a = createProcess('a', { onStoppedLeading });
    await advance(1);
    const b = createProcess('b');
    await advance(4000);
    a.state.cut = true;
    await advance(10_001);
    expect([working, onStoppedLeading.mock.calls.length]).toEqual([[], 1]);
    await advanceWatching(8000, [a, b]);
    expect(working).toEqual(['b']);
    a.state.cut = false;
    await advanceWatching(30_000, [a, b]);
    expect(working).toEqual(['b']);
  });

  it('never has two leaders while renewals arrive and their answers get lost', async () => {
    const a = createProcess('a');
    await advance(1);
    const b = createProcess('b');
    await advance(3000);
    a.state.dropAnswers = true;
    await advanceWatching(60_000, [a, b]);
    a.state.dropAnswers = false;
    await advanceWatching(60_000, [a, b]);
    expect(working).toHaveLength(1);
  });

  it('does not lead again before the work of the last term has ended', async () => {
    const terms: PromiseWithResolvers<void>[] = [];
    const a = createProcess('a', {
      onStartedLeading: () => {
        const term = Promise.withResolvers<void>();
        terms.push(term);
        return term.promise;
      },
    });
    await advance(1);
    a.state.cut = true;
    await advance(12_000);
    a.state.cut = false;
    await advance(20_000);
    expect([terms.length, a.election.isLeader()]).toEqual([1, false]);
    terms[0]?.resolve();
    await advance(2000);
    expect([terms.length, a.election.isLeader()]).toEqual([2, true]);
  });

  it('takes over from a holder that vanished, by its own clock', async () => {
    const { client } = leases.connect('dead');
    const { leases: resource } = await import('../../../k8s-bridge/leader/lease-record.ts');
    const spec = { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2199-01-01T00:00:00.000000Z' };
    await client.create(resource, { metadata: { namespace: 'lab', name: 'bridge' }, spec });
    createProcess('a');
    await advance(14_000);
    expect(working).toEqual([]);
    await advance(3000);
    expect(working).toEqual(['a']);
  });

  it('goes on leading when the lease is deleted under it, and nobody else begins', async () => {
    const a = createProcess('a');
    await advance(1000);
    const b = createProcess('b');
    // The other one looks first.
    await advance(3500);
    leases.delete();
    await advanceWatching(20_000, [a, b]);
    expect([working, leases.current()?.spec.holderIdentity]).toEqual([['a'], 'a']);
  });

  it("survives a leader's work that fails", async () => {
    const a = createProcess('a', { onStartedLeading: () => Promise.reject(new Error('bug')) });
    await advance(5000);
    expect(a.election.isLeader()).toBe(true);
  });

  it('refuses times that cannot be safe', () => {
    expect(() => createProcess('a', { leaseDurationMs: 5000, renewDeadlineMs: 5000 })).toThrow(RangeError);
  });
});
