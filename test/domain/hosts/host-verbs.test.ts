import { describe, expect, test } from 'vitest';
import { findHostUser } from '../../../domain/hosts/host-user.ts';
import { type HostVerdict, hostVerbs, judgeHostVerb } from '../../../domain/hosts/host-verbs.ts';
import { readRecordedPlan } from '../../../domain/hosts/recorded-plan.ts';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import { explainHost, type HostFacts, hostStates } from '../../../domain/report/explain/explain-host.ts';
import { readTable } from '../../support/doc-table.ts';
import { acceptanceOf, waitingMachine } from '../../support/pool-fixtures.ts';
import { factsOf, owner, planOf, type SecretKind, secretOf } from '../report/host-facts.ts';

const machine = waitingMachine('m1', 0, { uid: 'uid-1', phase: 'Running', providerID: 'baremetal:///h' });
const used = { owner, allocationState: 'Allocated', plan: planOf('reprovision').record } as const;
const kept = { quarantined: true, allocationState: 'Unavailable' } as const;
const cleaned = (kind: SecretKind): HostFacts =>
  factsOf({ ...kept, plan: planOf('clean').record }, { secret: secretOf(kind, 'clean') });

type Kind = HostVerdict['kind'];
const refused: Kind = 'refused';

/** For each row of the table in docs/lifecycle.md a host that is there, and what becomes of each verb. */
const rows: Record<string, { facts: HostFacts; verdicts: readonly [Kind, Kind, Kind] | undefined }> = {
  Free: { facts: factsOf({}), verdicts: ['mark', refused, refused] },
  'Free, of a pool that asks for checks': {
    facts: factsOf({ acceptance: acceptanceOf('Accepted') }, { acceptance: 'h1' }),
    verdicts: ['mark', refused, 'again'],
  },
  'Spare (no pool names it)': {
    facts: factsOf({ pool: undefined }, { pool: undefined }),
    verdicts: ['mark', refused, refused],
  },
  'Unusable (a rule of eligibility rules it out)': {
    facts: factsOf({ ready: false }),
    verdicts: ['mark', refused, refused],
  },
  'Unusable, runs the checks of its pool': {
    facts: factsOf({ ...kept, quarantined: false, acceptance: acceptanceOf('Validating') }, { acceptance: 'h1' }),
    verdicts: ['mark', refused, refused],
  },
  'Unusable, did not pass the checks of its pool': {
    facts: factsOf({ ...kept, quarantined: false, acceptance: acceptanceOf('NotAccepted') }),
    verdicts: ['mark', refused, 'again'],
  },
  InUse: { facts: factsOf(used, { owner: machine }), verdicts: ['mark', refused, refused] },
  'InUse, to go into quarantine': {
    facts: factsOf({ ...used, quarantined: true }, { owner: machine }),
    verdicts: [refused, 'lift', refused],
  },
  'Releasing (its machine is gone, a run still gives it back)': {
    facts: factsOf(used, { ownerRun: 'open' }),
    verdicts: ['mark', refused, refused],
  },
  'Stranded (recorded for a machine that is gone, without a run)': {
    facts: factsOf(used),
    verdicts: ['strip', refused, refused],
  },
  'Stranded (in a state of use, recorded for nobody)': {
    facts: factsOf({ allocationState: 'Preparing' }),
    verdicts: ['strip', refused, refused],
  },
  'Stranded, and quarantined': {
    facts: factsOf({ ...used, quarantined: true }),
    verdicts: ['strip', refused, refused],
  },
  'Quarantined while it was free': { facts: factsOf(kept), verdicts: [refused, 'lift', refused] },
  'Quarantined, clean plan applied': { facts: cleaned('applied'), verdicts: [refused, 'lift', refused] },
  'Quarantined, clean plan not answered': { facts: cleaned('running'), verdicts: [refused, 'wait', refused] },
  'Quarantined, clean plan failed': { facts: cleaned('failed'), verdicts: [refused, 'wait', refused] },
  'Quarantined, clean plan not in the Secret': { facts: cleaned('empty'), verdicts: [refused, 'wait', refused] },
  Deleting: { facts: factsOf({ deleting: true }), verdicts: [refused, refused, refused] },
  // What the bridge cannot read, or does not find, it does not reconcile.
  Unreadable: { facts: factsOf({}, { inventory: { kind: 'unreadable', field: 'f' } }), verdicts: undefined },
  Missing: { facts: factsOf({}, { inventory: { kind: 'missing' } }), verdicts: undefined },
};

const words: Record<Kind, RegExp> = {
  mark: /^(leaves allocation at once|after )/,
  strip: /^takes the record away/,
  lift: /^(frees it at once|lifts it)/,
  wait: /^waits/,
  again: /^runs its checks again/,
  refused: /^refused: /,
};

function judge(host: HostView, facts: HostFacts, verb: (typeof hostVerbs)[number]): HostVerdict {
  const standing = {
    host,
    user: findHostUser(host, facts),
    plan: readRecordedPlan(host, facts.secret),
    asksForChecks: facts.acceptance !== undefined,
  };
  return judgeHostVerb(standing, verb, 'because');
}

describe('every verb in every state of a host, as docs/lifecycle.md has it', () => {
  const table = readTable('lifecycle.md', 'Verbs of hosts');

  test('the table has a row for each', () => {
    expect([...table.keys()]).toEqual(Object.keys(rows));
    const told = new Set([...table.keys()].map((row) => /^[A-Za-z]+/.exec(row)?.[0]));
    expect(told).toEqual(new Set(hostStates));
  });

  test.each(Object.entries(rows))('%s', (name, { facts, verdicts }) => {
    expect(name.startsWith(explainHost(facts).state)).toBe(true);
    for (const [index, verb] of hostVerbs.entries()) {
      const told = table.get(name)?.get(verb) ?? '';
      if (verdicts === undefined || facts.inventory.kind !== 'found') {
        expect(told).toMatch(/^not heard/);
        continue;
      }
      const verdict = judge(facts.inventory.host, facts, verb);
      expect(verdict, verb).toMatchObject({ kind: verdicts[index] });
      expect(verdict.answer).not.toBe('');
      expect(told).toMatch(words[verdict.kind]);
    }
  });

  test('a quarantine has a reason', () => {
    const { facts } = rows['Free'] ?? {};
    if (facts?.inventory.kind !== 'found') throw new Error('No host');
    const standing = {
      host: facts.inventory.host,
      user: findHostUser(facts.inventory.host, facts),
      plan: undefined,
      asksForChecks: false,
    };
    expect(judgeHostVerb(standing, 'quarantine', '')).toMatchObject({ kind: 'refused' });
  });
});
