import { gzipSync } from 'node:zlib';
import type { SecretData } from '../../elemental/plan-secret.ts';

/** Ways in which an agent reports outputs that nobody should trust. */
export type OutputFault = 'huge' | 'null' | 'not-gzip' | 'not-json' | 'oversized';

/** What goes wrong in one simulated agent; changed at any time, read at each use. */
export interface AgentFaults {
  /** It makes no pass: a dead agent on a running host. */
  silent: boolean;
  /** How many of the next results are lost by a crash before the PUT. */
  crashesBeforePut: number;
  /** How many of the next PUTs (four make a result) meet no API server. */
  unreachablePuts: number;
  /** Added before the instructions of each run. */
  slowMs: number;
  output: OutputFault | undefined;
  /** Added to the host's clock. */
  clockOffsetMs: number;
  /** An agent before v0.15.0. */
  ignoresPlanState: boolean;
}

export function noFaults(): AgentFaults {
  return {
    silent: false,
    crashesBeforePut: 0,
    unreachablePuts: 0,
    slowMs: 0,
    output: undefined,
    clockOffsetMs: 0,
    ignoresPlanState: false,
  };
}

/** Replaces the output of a result by the injected one. */
export function spoilOutput(data: SecretData, faults: AgentFaults, succeeded: boolean): SecretData {
  if (faults.output === undefined) return data;
  return { ...data, [succeeded ? 'applied-output' : 'failed-output']: spoiledOutput(faults.output).toString('base64') };
}

function spoiledOutput(fault: OutputFault): Buffer {
  switch (fault) {
    case 'huge':
      // 64 MiB in a few tens of KiB.
      return gzipSync(Buffer.concat([Buffer.from('{"step":"'), Buffer.alloc(64 << 20, 'A'), Buffer.from('"}')]));
    case 'null':
      return gzipSync('{"step":null}');
    case 'not-gzip':
      return Buffer.from('this is not gzip');
    case 'not-json':
      return gzipSync('this is not JSON');
    case 'oversized':
      // Over the API server's limit of 1 MiB: the result is lost and the plan repeats.
      return Buffer.alloc(1_200_000, 'x');
  }
}
