import type { Secret } from '../api/core.ts';
import { assertNever } from '../domain/assert-never.ts';
import { type BootstrapInput, normaliseBootstrap } from '../domain/bootstrap/cloud-init.ts';
import { type NetworkSurroundings, renderNetworkConfig } from '../domain/network/config.ts';
import type { InventoryNetworks } from '../domain/network/recorded.ts';
import { explainFailure } from '../domain/plan/failure-output.ts';
import { keepLastFailure } from '../domain/plan/last-failure.ts';

/** What a thread is asked to read. */
export type ReadingRequest =
  | { kind: 'bootstrap'; input: BootstrapInput }
  | { kind: 'network'; networks: InventoryNetworks; around: NetworkSurroundings }
  | { kind: 'failure'; output: string | undefined }
  | { kind: 'lastFailure'; secret: Secret; planBytes: number };

/** Reads, in the thread. Never throws, whatever stands there; a bug of ours ends the thread. */
export function answerRequest(request: ReadingRequest): unknown {
  switch (request.kind) {
    case 'bootstrap':
      return normaliseBootstrap(request.input);
    case 'network':
      return renderNetworkConfig(request.networks, request.around);
    case 'failure':
      return explainFailure(request.output);
    case 'lastFailure':
      return keepLastFailure(request.secret, request.planBytes, new Date());
    default:
      return assertNever(request);
  }
}
