import { describe, expect, test } from 'vitest';
import type { JournalRecord } from '../../../domain/journal/entry.ts';
import { loadJournal, unloadJournal } from '../../../domain/journal/carried.ts';
import { type Journal, startJournal } from '../../../domain/journal/journal.ts';
import { awaitsLook, noteOperation, noteTransition } from '../../../domain/journal/transitions.ts';
import { onCompleted, onPlanAnswered, onReleaseTried } from '../../../domain/life/advance-host.ts';
import { onObserved } from '../../../domain/life/advance-life.ts';
import { whileCleaning, whileReprovisioning } from '../../../domain/life/forecast.ts';
import type { MachineLife, Stage } from '../../../domain/life/machine-life.ts';
import { applyOperation } from '../../../domain/life/operations.ts';
import type { Step } from '../../../domain/life/step.ts';
import { at as lifeAt, host, plan, snapshot } from '../life/life-fixtures.ts';

/** What a run does with its journal, without the run: each step takes a second. */
class Teller {
  journal: Journal = startJournal(0);
  life: MachineLife;
  /** As the step that is under way began with it. */
  #began: MachineLife;
  #atMs = 0;

  constructor(life: MachineLife) {
    this.life = life;
    this.#began = life;
  }

  /** A step without an entry of its own, or a wait. */
  ended(kind: Step['kind'], after: MachineLife): void {
    const moment = this.#tick();
    if (!awaitsLook(this.journal, after)) {
      this.journal = noteTransition(this.journal, { kind, before: this.#began, after }, moment);
    }
    this.life = after;
    this.#began = after;
  }

  /** A step that was given the journal; the activity confirms all that it wrote, or nothing. */
  did(step: Step, outcome: unknown, after: MachineLife, isWritten = true): readonly JournalRecord[] {
    const { journal, carried } = loadJournal(this.journal, this.life, step, this.#tick());
    const own = carried?.own;
    const last = own?.number ?? carried?.pending.at(-1)?.number ?? null;
    this.journal = carried ? unloadJournal(journal, carried, outcome, isWritten ? last : null) : journal;
    this.ended(step.kind, after);
    return own === undefined ? [] : [own];
  }

  asked(after: MachineLife): void {
    this.life = after;
    this.journal = noteOperation(this.journal, after.lastOperation?.verb ?? 'retry', after, this.#tick());
  }

  get told(): string[] {
    return this.journal.pending.map(tell);
  }

  #tick() {
    this.#atMs += 1000;
    return { runId: 'r', atMs: this.#atMs };
  }
}

function tell({ number, host: on, from, to, step, reason, cause, attempt }: JournalRecord): string {
  const why = reason === null ? '' : ` ${reason}`;
  return `${number} ${step}: ${from ?? '-'} > ${to}${why} on ${on ?? 'none'} (${cause}${attempt === null ? '' : ` ${attempt}`})`;
}

const claimed = lifeAt({ kind: 'claimed', host: host(), attempt: 1 });
const newLife = lifeAt({ kind: 'new' });

function runningTeller(): Teller {
  const teller = new Teller(newLife);
  teller.ended('begin', claimed);
  const reprovisioning = whileReprovisioning(claimed, host(), 1);
  teller.did({ kind: 'provision', attempt: 1 }, { kind: 'written' }, reprovisioning, false);
  const applied = onPlanAnswered(reprovisioning, { kind: 'applied' });
  teller.ended('awaitPlan', applied);
  teller.did({ kind: 'complete' }, { kind: 'completed' }, onCompleted(applied), false);
  return teller;
}

describe('a whole life', () => {
  test('is told by one entry a transition, from the claim to the release', () => {
    const teller = runningTeller();
    const deleting = onObserved(teller.life, snapshot({ deleting: true, provisioning: null }));
    teller.ended('wait', deleting);
    const cleaning = whileCleaning(deleting, 1);
    teller.did({ kind: 'clean', attempt: 1 }, { kind: 'written' }, cleaning, false);
    teller.ended('awaitPlan', onPlanAnswered(cleaning, { kind: 'applied' }));
    const over: MachineLife = { ...cleaning, stage: { kind: 'ended', outcome: 'released' } };
    teller.did({ kind: 'release', untouched: false, last: true }, { kind: 'released' }, over, false);
    expect(teller.told).toEqual([
      '1 begin: - > Allocated on h (Step)',
      '2 provision: Allocated > Reprovisioning on h (Step 1)',
      '3 complete: Reprovisioning > Running on h (Step)',
      '4 wait: Running > Preparing on h (Deletion)',
      '5 clean: Preparing > Preparing on h (Step 1)',
      '6 release: Preparing > Available on h (Step)',
    ]);
    expect(new Set(teller.journal.pending.map(({ image }) => image))).toEqual(new Set([null, 'registry/os:1']));
  });

  test('tells the time spent in what was left', () => {
    const [, , complete] = runningTeller().journal.pending;
    // Provision, answer, complete: a second each.
    expect(complete).toMatchObject({ from: 'Reprovisioning', durationMs: 2000 + 1000 });
  });

  test('leaves nothing to write where each step says that it wrote what it was given', () => {
    const teller = new Teller(newLife);
    teller.ended('begin', claimed);
    const reprovisioning = whileReprovisioning(claimed, host(), 1);
    const own = teller.did({ kind: 'provision', attempt: 1 }, { kind: 'written' }, reprovisioning);
    expect(teller.told).toEqual([]);
    expect(own.map(tell)).toEqual(['2 provision: Allocated > Reprovisioning on h (Step 1)']);
    expect(teller.journal.number).toBe(2);
  });
});

test('a step that did not do its work has no entry of its own, and says what stopped it', () => {
  const teller = new Teller(newLife);
  teller.ended('begin', claimed);
  const halt = { step: 'provision', condition: 'PlanApplied', message: '', count: 1, revision: 0, due: false } as const;
  const halted: MachineLife = { ...claimed, halt: { ...halt, reason: 'WriteRefused' } };
  teller.did(
    { kind: 'provision', attempt: 1 },
    { kind: 'stopped', reason: 'WriteRefused', message: '' },
    halted,
    false,
  );
  expect(teller.told).toEqual([
    '1 begin: - > Allocated on h (Step)',
    '3 provision: Allocated > Allocated WriteRefused on h (Step)',
  ]);
});

const stages: readonly [name: string, after: Stage, told: string][] = [
  [
    'failed',
    { kind: 'reprovisioning', host: host(), plan: plan({ kind: 'failed', message: 'secret' }) },
    'Reprovisioning > Failed PlanFailed on h (HostAnswered 1)',
  ],
  [
    'in time no more',
    { kind: 'reprovisioning', host: host(), plan: plan({ kind: 'timedOut' }) },
    'Reprovisioning > Reprovisioning PlanTimedOut on h (DeadlinePassed 1)',
  ],
  [
    'taken',
    { kind: 'reprovisioning', host: host(), plan: plan({ kind: 'taken' }) },
    'Reprovisioning > Failed HostTaken on h (HostAnswered 1)',
  ],
];

test.each(stages)('a host that is %s is told, without its words', (_, after, told) => {
  const teller = new Teller(newLife);
  teller.ended('begin', claimed);
  const reprovisioning = whileReprovisioning(claimed, host(), 1);
  teller.did({ kind: 'provision', attempt: 1 }, { kind: 'written' }, reprovisioning);
  teller.ended('awaitPlan', { ...reprovisioning, stage: after });
  expect(teller.told).toEqual([`3 awaitPlan: ${told}`]);
  expect(JSON.stringify(teller.journal)).not.toContain('secret');
});

test('a host that goes without a word is lost, and the next one is another use', () => {
  const teller = runningTeller();
  teller.ended('begin', {
    ...teller.life,
    stage: { kind: 'claimed', host: { ...host(), inventory: 'h2' }, attempt: 1 },
  });
  expect(teller.told.slice(3)).toEqual([
    '4 begin: Running > Lost on h (Step)',
    '5 begin: Lost > Allocated on h2 (Step)',
  ]);
});

test('a step that began for a wrong reason loses no host: what the look finds after it is told', () => {
  const deleting = lifeAt({ kind: 'leaving', host: host() }, { deleting: true });
  const unjustified = onReleaseTried(deleting, { kind: 'unjustified' }, true);
  expect(unjustified.stage).toEqual({ kind: 'new' });
  const tellAfter = (found: MachineLife): string[] => {
    const teller = runningTeller();
    teller.ended('wait', deleting);
    teller.ended('release', unjustified);
    teller.ended('begin', found);
    return teller.told.slice(3);
  };
  const left = '4 wait: Running > Pending on h (Deletion)';
  expect(tellAfter(claimed)).toEqual([left, '5 begin: Pending > Allocated on h (Step)']);
  expect(tellAfter(lifeAt({ kind: 'unclaimed' }))).toEqual([
    left,
    '5 begin: Pending > Lost on h (Step)',
    '6 begin: Lost > Pending on none (Step)',
  ]);
});

test('a host that goes along with a move is told so', () => {
  const teller = runningTeller();
  teller.ended('clean', { ...teller.life, stage: { kind: 'ended', outcome: 'moved' } });
  expect(teller.told.slice(3)).toEqual(['4 clean: Running > Moved on h (Step)']);
});

test('a given-up host goes back, and the machine waits for another', () => {
  const teller = new Teller(newLife);
  teller.ended('begin', claimed);
  teller.asked(applyOperation(claimed, 'reallocate', { actor: 'ada', reason: 'token=abc' }));
  teller.ended('wait', teller.life);
  const unclaimed: MachineLife = { ...teller.life, stage: { kind: 'unclaimed' } };
  teller.did({ kind: 'release', untouched: true, last: false }, { kind: 'released' }, unclaimed, false);
  expect(teller.told).toEqual([
    '1 begin: - > Allocated on h (Step)',
    '2 reallocate: Allocated > Allocated Accepted on h (Operator)',
    '3 wait: Allocated > Pending on h (Operator)',
    '4 release: Pending > Available on h (Step)',
    '5 release: Available > Pending on none (Step)',
  ]);
  expect(JSON.stringify(teller.journal)).not.toContain('token');
});

test('a run that knows nothing of before tells a gap, once', () => {
  const teller = new Teller(newLife);
  teller.journal = { ...teller.journal, unknownSinceMs: -9000 };
  const running: Stage = { kind: 'running', host: host(), applied: null, nodeJoinTimedOut: false };
  teller.ended('begin', lifeAt(running, { provisioning: null }));
  teller.ended('wait', lifeAt(running, { provisioning: null, deleting: true }));
  expect(teller.told).toEqual(['1 begin: - > Running on h (Adopted)', '2 wait: Running > Preparing on h (Deletion)']);
  expect(teller.journal.pending.map(({ durationMs }) => durationMs)).toEqual([10_000, 1000]);
});

test('time never goes back, whatever the clock does', () => {
  const teller = runningTeller();
  const before = teller.journal.pending.at(-1)?.at ?? 0;
  const after = lifeAt({ kind: 'ended', outcome: 'moved' });
  const journal = noteTransition(
    { ...teller.journal, pending: [] },
    { kind: 'clean', before: teller.life, after },
    { runId: 'r', atMs: 5 },
  );
  expect(journal.pending.at(-1)).toMatchObject({ at: before, durationMs: 0 });
});

test('an outage of the sink makes no step longer than its twenty oldest entries', () => {
  const teller = runningTeller();
  const asked = applyOperation(teller.life, 'retry', { actor: 'x'.repeat(5000), reason: '' });
  for (let count = 0; count < 40; count += 1) teller.asked(asked);
  const { carried } = loadJournal(teller.journal, teller.life, { kind: 'clean', attempt: 1 }, { runId: 'r', atMs: 1 });
  expect(carried?.pending.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  // Its number would say of those that stay behind that they are written.
  expect(carried?.own).toBeUndefined();
  expect(JSON.stringify(carried).length).toBeLessThan(10_000);
});

test.each([
  ['moved', '4 end: Running > Moved on h (Observed)'],
  ['orphaned', '4 end: Running > Lost on h (Observed)'],
] as const)('a life that ends as %s, to which no step led, leaves its host', (outcome, last) => {
  const teller = new Teller(lifeAt({ kind: 'claimed', host: host(), attempt: 1 }));
  teller.ended('begin', teller.life);
  const reprovisioning = lifeAt({ kind: 'reprovisioning', host: host(), plan: plan() });
  teller.ended('provision', reprovisioning);
  teller.ended('complete', onCompleted(onPlanAnswered(reprovisioning, { kind: 'applied' })));
  teller.ended('end', { ...teller.life, stage: { kind: 'ended', outcome } });
  expect(teller.told.slice(3)).toEqual([last]);
});
