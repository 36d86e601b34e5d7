import { groupOf } from '../../domain/inputs/preference.ts';
import type { Standing } from '../step/standing.ts';
import type { HostRecord } from './record.ts';

/** What is noted of the machine on a host whose node was its own. Of one that is gone nobody knows the group. */
export function noteLastGroup(standing: Standing): Pick<HostRecord, 'lastGroup'> {
  return { lastGroup: ('machine' in standing ? groupOf(standing.machine.metadata) : undefined) ?? null };
}
