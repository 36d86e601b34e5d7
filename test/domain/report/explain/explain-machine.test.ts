import { describe, expect, test } from 'vitest';
import { reasons } from '../../../../api/conditions.ts';
import type { MachineLife, Obstacle, PlanProgress, Stage } from '../../../../domain/life/machine-life.ts';
import { judgeOperation } from '../../../../domain/life/operations.ts';
import { explainMachine } from '../../../../domain/report/explain/explain-machine.ts';
import { describeAge, phaseSince } from '../../../../domain/report/time-in-phase.ts';
import { at, host, plan } from '../../life/life-fixtures.ts';
import { objectOf } from '../machine-object.ts';

const applied = { checksum: 'c', bootstrapHash: null };
const progresses: PlanProgress[] = [
  { kind: 'pending' },
  { kind: 'timedOut' },
  { kind: 'applied' },
  { kind: 'failed', message: 'm' },
  { kind: 'secretMissing' },
  { kind: 'taken' },
];
const running = { kind: 'running', host: host(), applied, nodeJoinTimedOut: false, attempt: 1 } as const;
const stages: Stage[] = [
  { kind: 'new' },
  { kind: 'unclaimed' },
  { kind: 'claimed', host: host(), attempt: 1 },
  { kind: 'leaving', host: host() },
  running,
  { ...running, nodeJoinTimedOut: true },
  { ...running, awaitsBoot: true },
  { ...running, takenBy: 'a reset' },
  { kind: 'hostless', inventory: 'h' },
  { kind: 'forcing', host: host() },
  { kind: 'released' },
  ...progresses.flatMap((progress): Stage[] => [
    { kind: 'reprovisioning', host: host('Unavailable'), plan: plan(progress) },
    { kind: 'cleaning', host: host('Unavailable'), attempt: 1, plan: { ...plan(progress), type: 'clean' }, applied },
    {
      kind: 'cleaning',
      host: host('Unavailable'),
      attempt: 1,
      plan: { ...plan(progress), type: 'clean' },
      applied: null,
    },
  ]),
];
const obstacles: Partial<Record<Stage['kind'], Obstacle[]>> = {
  unclaimed: [
    { condition: 'InventoryAllocated', reason: 'PoolMissing', message: 'no pool' },
    { condition: 'InventoryAllocated', reason: 'PoolExhausted', message: 'no host' },
  ],
  claimed: (['BootstrapInvalid', 'BootstrapFormatUnsupported'] as const)
    .map((reason): Obstacle => ({ condition: 'BootstrapReady', reason, message: 'm' }))
    .concat(
      (['ImageCatalogMissing', 'ImageCatalogMiss', 'ImageRegistryMissing'] as const).map((reason) => ({
        condition: 'ImageResolved',
        reason,
        message: 'm',
      })),
    ),
  hostless: [{ condition: 'InventoryAllocated', reason: 'InventoryMissing', message: 'gone' }],
};

/** A life at each stage and obstacle; deleted or not, paused or not. */
function* everyLife(): Generator<{ name: string; life: MachineLife }> {
  for (const stage of stages)
    for (const obstacle of [undefined, ...(obstacles[stage.kind] ?? [])])
      for (const deleting of [false, true])
        for (const pause of ['', 'by Cluster API', 'by an operator']) {
          const life = at(stage, { deleting, paused: pause === 'by Cluster API' });
          const avoidedHosts = stage.kind === 'cleaning' && !deleting ? ['h'] : [];
          const met = obstacle === undefined ? {} : { obstacles: [obstacle], obstaclesRevision: life.revision };
          const name = [JSON.stringify(stage), obstacle?.reason, deleting && 'deleting', pause]
            .filter(Boolean)
            .join(' ');
          yield { name, life: { ...life, ...met, avoidedHosts, pausedByOperator: pause === 'by an operator' } };
        }
}

describe('a machine', () => {
  test('is told verbs that its run accepts, at each stage and obstacle, deleted or not, paused or not', () => {
    const wrong: string[] = [];
    for (const { name, life } of everyLife()) {
      const { stuck, ways, expected, observed, next } = explainMachine(objectOf(life), 'open');
      const refused = ways.flatMap((way) => (way.kind === 'machineVerb' ? [judgeOperation(life, way.verb)] : []));
      const problems = [
        ...refused.flatMap(({ accepted, answer }) => (accepted ? [] : [answer])),
        ...(stuck && ways.length === 0 ? ['no way out'] : []),
        ...([expected, observed, next].some((text) => text === '' || text.includes('undefined')) ? ['no words'] : []),
      ];
      if (problems.length > 0) wrong.push(`${name}: ${problems.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  test.each(Object.values(reasons))('has words for %s', (reason) => {
    const object = objectOf(at({ kind: 'unclaimed' }));
    const [ready, ...others] = object.status?.conditions ?? [];
    if (ready === undefined) throw new Error('No condition');
    const conditions = [{ ...ready, status: 'False' as const, reason }, ...others];
    const explained = explainMachine({ ...object, status: { ...object.status, conditions } }, 'unknown');
    expect(explained).toMatchObject({ reason });
    if (explained.stuck) expect(explained.ways).not.toEqual([]);
  });

  test('without a run gets one by itself, and says so', () => {
    const object = objectOf(at({ kind: 'unclaimed' }));
    const { observed, next } = explainMachine(object, 'none');
    expect(observed).toContain('It has no run');
    expect(next).toBe('The bridge starts a run of it within minutes');
    expect(explainMachine(object, 'unknown').observed).not.toContain('no run');
  });

  test('that runs shows what came after Ready', () => {
    expect(explainMachine(objectOf(at({ ...running, nodeJoinTimedOut: true })), 'open')).toMatchObject({
      state: 'Running',
      reason: 'NodeJoinTimedOut',
      stuck: true,
    });
    const joined = at(running, { boot: 'active', machine: { name: 'm', nodeName: 'n' } });
    expect(explainMachine(objectOf(joined), 'open')).toMatchObject({ reason: 'Ready', stuck: false, ways: [] });
  });
});

describe('the time in a phase', () => {
  const condition = (type: string, status: 'True' | 'False', hour: number) => ({
    type,
    status,
    reason: 'R',
    message: '',
    lastTransitionTime: `2026-07-05T0${hour}:00:00Z`,
  });
  const all = [
    condition('Ready', 'False', 1),
    condition('InventoryAllocated', 'True', 2),
    condition('BootstrapReady', 'True', 3),
    condition('ImageResolved', 'False', 4),
    condition('PlanApplied', 'False', 5),
  ];
  test.each([
    [undefined, all, '2026-07-05T00:00:00Z'],
    ['Pending', [condition('InventoryAllocated', 'False', 1)], '2026-07-05T01:00:00Z'],
    ['Pending', [], '2026-07-05T00:00:00Z'],
    ['Allocated', all, '2026-07-05T02:00:00Z'],
    ['Reprovisioning', all, '2026-07-05T03:00:00Z'],
    ['Running', [condition('PlanApplied', 'True', 4)], '2026-07-05T04:00:00Z'],
    ['Failed', all, '2026-07-05T05:00:00Z'],
    ['Preparing', all, '2026-07-05T05:00:00Z'],
  ] as const)('%s is since its condition turned (%#)', (phase, conditions, since) => {
    const object = objectOf(at({ kind: 'unclaimed' }));
    expect(phaseSince({ ...object, status: { ...(phase && { phase }), conditions: [...conditions] } })).toBe(since);
  });

  test('of a deletion is since that', () => {
    const cleaning = objectOf(
      at({ kind: 'cleaning', host: host(), attempt: 1, plan: null, applied }, { deleting: true }),
    );
    expect(phaseSince(cleaning)).toBe('2026-07-05T03:00:00Z');
  });

  test.each([
    [0, '0s'],
    [119, '119s'],
    [125, '2m5s'],
    [900, '15m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 60, '3h1m'],
    [30 * 3600, '30h'],
    [3 * 86_400 + 7_200, '3d2h'],
    [30 * 86_400, '30d'],
    [-5, '0s'],
  ])('of %i seconds reads %s', (seconds, text) => {
    const since = '2026-07-05T00:00:00Z';
    expect(describeAge(since, new Date(Date.parse(since) + seconds * 1000))).toBe(text);
    expect(describeAge('', new Date())).toBe('<unknown>');
  });
});
