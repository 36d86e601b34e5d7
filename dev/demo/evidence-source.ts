import { WorkflowNotFoundError } from '@temporalio/client';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import type { DemoView, MachineRow } from './demo-view.ts';
import type { HostRecord, RunStatuses } from './facts.ts';
import type { DemoStage } from './stage.ts';

/** Where facts are looked up. */
export interface EvidenceSource {
  view(): DemoView;
  /** Something of the view changed; returns how to end that. */
  onChange(handler: () => void): () => void;
  /** What the hosts know, by their names. */
  readHosts(): ReadonlyMap<string, HostRecord>;
  /** What Temporal says about the runs of these machines; `absent` for no run. */
  readRuns(machines: readonly MachineRow[]): Promise<RunStatuses>;
}

/** Looks at the watches, at the simulated hosts, and at Temporal. */
export function createEvidenceSource({ watch, lab, temporal, site }: DemoStage): EvidenceSource {
  const readStatus = async (machine: MachineRow): Promise<[string, string]> => {
    try {
      const { status } = await temporal.workflow.getHandle(machineWorkflowId(machine)).describe();
      return [machine.uid, status.name];
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      return [machine.uid, 'absent'];
    }
  };
  return {
    view: () => watch.view(),
    onChange: (handler) => watch.onChange(handler),
    readHosts() {
      const records = site.hosts.map((name): [string, HostRecord] => {
        const { plansReceived, node } = lab.host(name);
        return [name, { plans: plansReceived.map(({ type }) => type), kubeletRuns: node?.running === true }];
      });
      return new Map(records);
    },
    readRuns: async (machines) => new Map(await Promise.all(machines.map(readStatus))),
  };
}
