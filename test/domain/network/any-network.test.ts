import fc from 'fast-check';
import { expect, it } from 'vitest';
import { renderNetworkConfig } from '../../../domain/network/config.ts';
import { anyNetwork } from '../../support/network-arbitrary.ts';
import { describeNetplan } from '../../support/network-lines.ts';

it('renders whatever network a host has', () => {
  fc.assert(
    fc.property(anyNetwork, ({ network, endpoint, asked }) => {
      const rendered = renderNetworkConfig({ observedNetwork: network }, { endpoint });
      if (rendered.kind !== 'config') throw new Error(JSON.stringify(rendered));
      expect(describeNetplan(rendered.yaml)).toEqual(asked.toSorted());
    }),
    { numRuns: 100 },
  );
}, 30_000);
