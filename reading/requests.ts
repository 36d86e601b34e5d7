import { assertNever } from '../domain/assert-never.ts';
import { type BootstrapInput, normaliseBootstrap } from '../domain/bootstrap/cloud-init.ts';
import { type NetworkSurroundings, renderNetworkConfig } from '../domain/network/config.ts';
import type { InventoryNetworks } from '../domain/network/recorded.ts';
import { explainFailure } from '../domain/plan/failure-output.ts';

/** What a thread is asked to read. */
export type ReadingRequest =
  | { kind: 'bootstrap'; input: BootstrapInput }
  | { kind: 'network'; networks: InventoryNetworks; around: NetworkSurroundings }
  | { kind: 'failure'; output: string | undefined };

/** Reads, in the thread. Never throws, whatever stands there; a bug of ours ends the thread. */
export function answerRequest(request: ReadingRequest): unknown {
  switch (request.kind) {
    case 'bootstrap':
      return normaliseBootstrap(request.input);
    case 'network':
      return renderNetworkConfig(request.networks, request.around);
    case 'failure':
      return explainFailure(request.output);
    default:
      return assertNever(request);
  }
}
