import { expect, it } from 'vitest';
import { createOutageFilter } from '../../runtime/outage-lines.ts';

const away = { err: Object.assign(new Error('4 DEADLINE_EXCEEDED'), { code: 4 }) };

it('says once a minute that Temporal is away, and how often it was held back', () => {
  let now = 0;
  const passes = createOutageFilter(() => now);
  expect(passes(away)).toEqual({});
  for (now = 1_000; now < 60_000; now += 1_000) expect(passes(away)).toBeUndefined();
  now = 60_000;
  expect(passes(away)).toEqual({ heldBack: 59 });
  now = 130_000;
  expect(passes(away)).toEqual({});
});

it.each([undefined, null, 'UNAVAILABLE', 7, {}, { err: 14 }, { err: new Error('gone', { cause: 'x' }) }])(
  'lets %j through each time',
  (fields) => {
    const passes = createOutageFilter(() => 0);
    expect([passes(fields), passes(fields)]).toEqual([{}, {}]);
  },
);

it('finds it in the first depths of an error that is its own cause', () => {
  const round = new Error('round');
  round.cause = round;
  const passes = createOutageFilter(() => 0);
  expect([passes({ err: round }), passes({ err: round })]).toEqual([{}, {}]);
  const many = new AggregateError([new Error('a'), away.err], 'two failed');
  expect([passes({ err: many }), passes({ err: many })]).toEqual([{}, undefined]);
});
