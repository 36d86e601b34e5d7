import type { JournalSink } from '../activities/index.ts';
import type { Logger } from '../runtime/logger.ts';

/** The journal of an installation without a database: each entry is one line of the log, with `"journal": true`. */
export function createLogJournal(logger: Logger): JournalSink {
  return {
    async write(entries) {
      for (const { machine, at, ...entry } of entries) {
        const { namespace, name, uid } = machine;
        const keys = { journal: true, machine: `${namespace}/${name}`, uid, at: new Date(at).toISOString() };
        logger.info({ ...keys, ...entry }, 'Journal');
      }
    },
  };
}
