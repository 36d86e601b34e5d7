import { assertNever } from '../domain/assert-never.ts';
import { type BootstrapInput, normaliseBootstrap } from '../domain/bootstrap/cloud-init.ts';
import { renderNetworkConfig } from '../domain/network/config.ts';
import { explainFailure } from '../domain/plan/failure-output.ts';

/** What a thread is asked to read. */
export type ReadingRequest =
  | { kind: 'bootstrap'; input: BootstrapInput }
  | { kind: 'network'; explicit: unknown; observed: unknown }
  | { kind: 'failure'; output: string | undefined };

/** Reads, in the thread. Never throws, whatever stands there; a bug of ours ends the thread. */
export function answerRequest(request: ReadingRequest): unknown {
  switch (request.kind) {
    case 'bootstrap':
      return normaliseBootstrap(request.input);
    case 'network':
      return renderNetworkConfig(request.explicit, request.observed);
    case 'failure':
      return explainFailure(request.output);
    default:
      return assertNever(request);
  }
}
