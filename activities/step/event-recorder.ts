import { createHash } from 'node:crypto';
import { log } from '@temporalio/activity';
import type { BaremetalMachine } from '../../api/machine.ts';
import { baremetalMachines } from '../../api/resources.ts';
import { type News, tellNews } from '../../domain/report/machine-news.ts';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Events for `kubectl describe` about what a status write has changed; a repeated call writes none twice. */
export function noteTransition(deps: ActivityDependencies, before: BaremetalMachine, after: BaremetalMachine): void {
  const { resourceVersion } = after.metadata;
  for (const news of tellNews(before.status, after.status ?? {})) noteNews(deps, after.metadata, news, resourceVersion);
}

/**
 * An Event about a machine. Nobody waits for it, and losing one is acceptable: the condition stays. `occasion` is the
 * same whenever the same news is told again, and makes the Event's name.
 */
export function noteNews(deps: ActivityDependencies, machine: MachineRef, news: News, occasion: string): void {
  const { namespace, name, uid } = machine;
  const written = deps.events.add({
    resource: baremetalMachines,
    object: { namespace, name, uid },
    ...news,
    component: 'ironloom-worker',
    digest: createHash('sha256').update(`${uid}/${occasion}/${news.reason}`).digest('hex').slice(0, 16),
  });
  written.catch((error: unknown) => {
    log.warn('Could not record an Event', { error });
  });
}
