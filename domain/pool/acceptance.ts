import type { HostAcceptance } from '../inputs/host-acceptance.ts';
import type { HostView } from '../inputs/host-view.ts';
import type { HostProblem } from './host-eligibility.ts';

/** The host has passed these checks, named by their hash, and no reprovision plan has failed on it since. */
export function hasPassed({ acceptance, failedReprovision }: HostView, checks: string): boolean {
  if (acceptance?.state !== 'Accepted' || acceptance.checks !== checks) return false;
  return failedReprovision === undefined || acceptance.after === failedReprovision;
}

/** Nobody uses the host, and its checks keep it out: they run, or it did not pass them. */
export function isKeptByChecks({ owner, allocationState, acceptance }: HostView): boolean {
  if (owner !== undefined || allocationState !== 'Unavailable') return false;
  return acceptance !== undefined && acceptance.state !== 'Accepted';
}

/** What rules a host out that is kept by its checks; undefined: it is not. */
export function keptProblem(host: HostView): HostProblem | undefined {
  if (!isKeptByChecks(host) || host.acceptance === undefined) return undefined;
  return host.acceptance.state === 'Validating'
    ? { reason: 'validating', message: 'runs the checks of its pool' }
    : { reason: 'notAccepted', message: `did not pass the checks of its pool: ${describeRefusal(host.acceptance)}` };
}

/** What rules a host out that is free but for checks that it has to pass; undefined: it may be offered. */
export function checksProblem(host: HostView, checks: string | undefined): HostProblem | undefined {
  if (checks === undefined || hasPassed(host, checks)) return undefined;
  return { reason: 'validating', message: 'has yet to run the checks of its pool' };
}

/** Why a host was not accepted, in words of ours and names of checks: it stands in conditions. */
export function describeRefusal({ results }: HostAcceptance): string {
  if (results?.timedOut === true) return 'timed out';
  const failed = (results?.checks ?? []).filter(({ passed }) => !passed).map(({ name }) => name);
  if (failed.length > 0) return failed.join(', ');
  return results?.problem ?? 'it is not recorded why';
}
