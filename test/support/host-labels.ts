import { foreign } from '../../api/constants.ts';
import type { HostLabels } from '../../domain/inputs/host-labels.ts';
import { parseHardwareLabels } from '../../runtime/hardware-labels.ts';

/** As an installation has them where nobody says otherwise. */
export const hostLabels: HostLabels = { failureDomain: foreign.zoneLabel, hardware: parseHardwareLabels('') ?? {} };
