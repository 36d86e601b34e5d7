import { readAuditEvents } from '../dev/stack/audit.ts';
import { startManagementCluster } from '../dev/stack/management-cluster.ts';
import { createKubeClient } from '../runtime/kube/client.ts';
import { type Benchmark, formatSeconds } from './measurement.ts';
import { compareTurns, describeCpuOf, describeWrites } from './rival-report.ts';
import { prepareSides, type SideName, sideNames } from './rival-sides.ts';
import { takeTurn, type Turn, ways } from './rival-turn.ts';

const MACHINES = 100;
const PAIRS = 5;

/** This provider beside Cluster API's in-memory one: the same MachineDeployment, by turns, on one stack. */
export const rival: Benchmark = {
  name: 'rival',
  about: "a MachineDeployment up and down, by turns with Cluster API's in-memory provider on the same stack",
  async run({ machines = MACHINES, pairs = PAIRS, progress }) {
    await using cluster = await startManagementCluster();
    const client = createKubeClient({ kubeconfigPath: cluster.kubeconfigs.admin, userAgent: 'ironloom-bench' });
    const turns: Turn[] = [];
    {
      await using sides = await prepareSides(cluster, client, machines);
      await cluster.killProcess('temporal');
      for (const name of orderOf(pairs)) {
        const turn = await takeTurn(client, sides[name], machines);
        turns.push(turn);
        progress(`${name}: up ${formatSeconds(turn.up.elapsedMs)}, down ${formatSeconds(turn.down.elapsedMs)}`);
      }
    }
    await client.close();
    const events = await readAuditEvents(cluster.auditLogPath);
    return ways.flatMap((way) => {
      const title = way === 'up' ? `0 → ${machines}, all with a providerID` : `${machines} → 0, no Machine left`;
      return [
        ...compareTurns(title, way, turns),
        ...sideNames.flatMap((name) => {
          const runs = turns.filter(({ side }) => side === name).map((turn) => turn[way]);
          return [
            { what: `${way}: CPU time, ${name}`, measured: describeCpuOf(runs) },
            { what: `${way}: API writes a machine, ${name}`, measured: describeWrites(runs, events, machines) },
          ];
        }),
      ];
    });
  },
};

/** A B, then B A: what grows with time counts for both. */
export function orderOf(pairs: number): SideName[] {
  return Array.from({ length: pairs }, (_, pair) => (pair % 2 === 0 ? sideNames : sideNames.toReversed())).flat();
}
