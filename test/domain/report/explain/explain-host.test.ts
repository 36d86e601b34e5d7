import { describe, expect, test } from 'vitest';
import { allocationStates } from '../../../../api/constants.ts';
import { findHostUser } from '../../../../domain/hosts/host-user.ts';
import { judgeHostVerb } from '../../../../domain/hosts/host-verbs.ts';
import { readRecordedPlan } from '../../../../domain/hosts/recorded-plan.ts';
import type { HostView } from '../../../../domain/inputs/host-view.ts';
import { judgeOperation } from '../../../../domain/life/operations.ts';
import type { MachineLife, PlanProgress } from '../../../../domain/life/machine-life.ts';
import {
  explainHost,
  type HostFacts,
  type HostState,
  hostStates,
} from '../../../../domain/report/explain/explain-host.ts';
import { projectStatus } from '../../../../domain/report/status/machine-status.ts';
import { describeWay } from '../../../../domain/report/explain/way.ts';
import { waitingMachine } from '../../../support/pool-fixtures.ts';
import { at, host as boundHost, plan as writtenPlan } from '../../life/life-fixtures.ts';
import { factsOf, owner, planOf, type SecretKind, secretOf } from '../host-facts.ts';

const secretKinds = ['missing', 'empty', 'foreign', 'running', 'applied', 'failed', 'unread'] as const;
const flags = [false, true];
const records = { clean: planOf('clean').record, reprovision: planOf('reprovision').record };
const machine = (changes = {}) => waitingMachine('m1', 0, { uid: 'uid-1', ownerMachine: 'capi-m1', ...changes });
const machines = [
  undefined,
  machine({ phase: 'Reprovisioning' }),
  machine({ phase: 'Failed' }),
  machine({ phase: 'Running', providerID: 'baremetal:///h', provisioned: true }),
  machine({ phase: 'Preparing', deleting: true }),
  machine({ phase: 'Failed', deleting: true, reportsPaused: true }),
  machine({ phase: 'Running', deletedForMove: true, ownerMachine: undefined }),
];

/** Every inventory beside every Secret, run and machine. */
function* everyCombination(): Generator<{ facts: HostFacts; host: HostView }> {
  for (const deleting of flags)
    for (const quarantined of flags)
      for (const ready of flags)
        for (const takenBySelector of flags)
          for (const allocationState of [undefined, ...allocationStates])
            for (const recorded of [undefined, owner, { ...owner, uid: '' }])
              for (const planType of [undefined, 'reprovision', 'clean'] as const)
                for (const kind of secretKinds)
                  for (const ownerRun of ['open', 'none', 'unknown'] as const)
                    for (const pool of [undefined, 'workers'])
                      for (const [index, found] of machines.entries()) {
                        // Of an unused host only whether a machine names it counts, and no run is its.
                        if (recorded === undefined && (index > 1 || ownerRun !== 'none')) continue;
                        if (recorded?.uid === '' && (found !== undefined || ownerRun !== 'none')) continue;
                        // Of a machine that is there its run counts as little as the rest of the host.
                        if (index > 1 && (ownerRun !== 'open' || !ready)) continue;
                        const facts = factsOf(
                          {
                            deleting,
                            quarantined,
                            ready,
                            takenBySelector,
                            allocationState,
                            owner: recorded,
                            plan: planType && records[planType],
                            pool,
                          },
                          {
                            secret: secretOf(kind, planType ?? 'clean'),
                            ownerRun,
                            pool,
                            ...(recorded === undefined ? { namedBy: found } : { owner: found }),
                          },
                        );
                        if (facts.inventory.kind === 'found') yield { facts, host: facts.inventory.host };
                      }
}

/** The issue's own words: in use by nobody, free for nobody, waited for by nobody. */
function isForgotten({ owner: found, namedBy, ownerRun }: HostFacts, host: HostView): boolean {
  const { owner: recorded, allocationState: state } = host;
  const inUse = namedBy !== undefined || (recorded !== undefined && found !== undefined);
  const free = recorded === undefined && (state === undefined || state === 'Available');
  const byRun = recorded !== undefined && recorded.uid !== '' && ownerRun !== 'none';
  const byOperator = recorded === undefined && host.quarantined && state === 'Unavailable';
  return !(inUse || free || host.deleting || byRun || byOperator);
}

describe('every inventory × Secret × run × machine', () => {
  test('has one explanation, and where it is stuck a way out that is not refused', () => {
    const wrong: string[] = [];
    const seen = new Set<HostState>();
    let count = 0;
    for (const { facts, host } of everyCombination()) {
      count += 1;
      const { state, stuck, expected, observed, next, ways } = explainHost(facts);
      seen.add(state);
      const words = [expected, observed, next, ...ways.map(({ leads }) => leads)];
      const standing = {
        host,
        user: findHostUser(host, facts),
        plan: readRecordedPlan(host, facts.secret),
        asksForChecks: facts.acceptance !== undefined,
      };
      const refused = ways.filter(
        (way) => way.kind === 'hostVerb' && judgeHostVerb(standing, way.verb, 'because').kind === 'refused',
      );
      const problems = [
        ...(words.some((text) => text.trim() === '' || text.includes('undefined')) ? ['says nothing'] : []),
        ...(stuck && ways.length === 0 ? ['no way out'] : []),
        ...(refused.length > 0 ? ['its advice is refused'] : []),
        ...((state === 'Stranded') === isForgotten(facts, host) ? [] : ['stranded or not']),
        ...((state === 'Free') === (ways.length === 0) ? [] : ['free or not']),
      ];
      if (problems.length > 0) wrong.push(`${problems.join()}: ${state} ${JSON.stringify({ host, facts })}`);
    }
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(count).toBeGreaterThan(30_000);
    expect([...seen, 'Missing', 'Unreadable'].toSorted()).toEqual(hostStates.toSorted());
  }, 30_000);

  test.each([
    ['missing', { kind: 'missing' }, 'Missing'],
    ['unreadable', { kind: 'unreadable', field: 'status.plan' }, 'Unreadable'],
  ] as const)('an inventory that is %s, too', (_what, inventory, state) => {
    const explained = explainHost(factsOf({}, { inventory }));
    expect(explained).toMatchObject({ state, stuck: true });
    expect(explained.ways.map((way) => describeWay(way, { namespace: 'demo', name: 'h' }))).not.toEqual([]);
  });
});

const secretKindOf: Record<PlanProgress['kind'], SecretKind> = {
  pending: 'running',
  timedOut: 'running',
  applied: 'applied',
  failed: 'failed',
  secretMissing: 'missing',
  taken: 'foreign',
};

/** Lives that hold a host, each with what stands in Kubernetes then. */
function* everyLife(): Generator<{ life: MachineLife; facts: HostFacts; name: string }> {
  const applied = { checksum: 'c', bootstrapHash: null };
  const progresses: PlanProgress[] = [
    { kind: 'pending' },
    { kind: 'timedOut' },
    { kind: 'applied' },
    { kind: 'failed', message: 'm' },
    { kind: 'secretMissing' },
    { kind: 'taken' },
  ];
  const stages = [
    { planType: undefined, kind: 'empty', stage: { kind: 'claimed', host: boundHost(), attempt: 1 } },
    {
      planType: 'reprovision',
      kind: 'applied',
      stage: { kind: 'running', host: boundHost(), applied, nodeJoinTimedOut: false },
    },
    ...progresses.flatMap((progress) => [
      {
        planType: 'reprovision',
        kind: secretKindOf[progress.kind],
        stage: { kind: 'reprovisioning', host: boundHost('Unavailable'), plan: writtenPlan(progress) },
      } as const,
      {
        planType: 'clean',
        kind: secretKindOf[progress.kind],
        stage: {
          kind: 'cleaning',
          host: boundHost('Unavailable'),
          attempt: 1,
          applied: null,
          plan: { ...writtenPlan(progress), type: 'clean' },
        },
      } as const,
    ]),
  ] as const;
  for (const { planType, kind, stage } of stages)
    for (const deleting of flags)
      for (const paused of flags) {
        const life = at(stage, { deleting, paused });
        const { phase } = projectStatus(life);
        const running = stage.kind === 'running';
        const view = machine({
          phase,
          deleting,
          reportsPaused: paused,
          provisioned: running,
          providerID: running ? 'baremetal:///h' : undefined,
        });
        const facts = factsOf(
          { owner, allocationState: 'Allocated', plan: planType && planOf(planType).record },
          { owner: view, ownerRun: 'open', secret: secretOf(kind, planType ?? 'clean') },
        );
        yield { life, facts, name: `${stage.kind} ${kind}${deleting ? ' deleting' : ''}${paused ? ' paused' : ''}` };
      }
}

test.each([...everyLife()])('the verbs of a machine that are named for its host are accepted: $name', (row) => {
  const { ways } = explainHost(row.facts);
  expect(ways).not.toEqual([]);
  for (const way of ways) {
    if (way.kind === 'machineVerb')
      expect(judgeOperation(row.life, way.verb), way.verb).toMatchObject({ accepted: true });
  }
});
