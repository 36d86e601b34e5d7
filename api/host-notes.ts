import { z } from 'zod';

/** Names and words: nothing that a database, a log or a terminal could stumble over. */
const plain = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[-\w.:/? ]*$/);

export const hostNoteSchema = z.object({
  /** Milliseconds since 1970; no two notes of a host have the same. */
  at: z.int().min(1).max(253_402_300_799_999),
  step: plain(40),
  from: plain(40),
  to: plain(40),
  cause: plain(40),
  reason: plain(63).optional(),
  attempt: z.int().min(1).max(999_999).optional(),
  actor: plain(100).optional(),
  pool: plain(253).optional(),
  /** A use that ended by it; absent: none did. */
  cluster: plain(253).optional(),
  machine: z.object({ name: plain(253), uid: plain(64) }).optional(),
});
/** What was done to a host without a run; what stands there may be words of a later version. */
export type HostNote = z.infer<typeof hostNoteSchema>;

/** Content of the annotation `journal`. */
export const hostNotesSchema = z.object({
  /** Of the inventory. A copy of it has another one: what is noted there is not about that one. */
  uid: plain(64),
  /** The last ones, oldest first. */
  notes: z.array(hostNoteSchema).max(16),
});
