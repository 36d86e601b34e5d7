import { expect, test } from 'vitest';
import { retryOnConflict } from '../../../activities/step/retry-on-conflict.ts';
import { toKubeApiError } from '../../../runtime/kube/error.ts';

const refusal = (code: number, reason: string) =>
  toKubeApiError('PATCH /x', code, { kind: 'Status', reason, message: reason, code }, false);
const conflict = refusal(409, 'Conflict');

/** Meets these errors, one after the other, and then succeeds. */
function meeting(...errors: readonly Error[]) {
  const left = [...errors];
  return async () => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return `${errors.length - left.length} errors before`;
  };
}

test('what meets a write of somebody else is done anew', async () => {
  expect(await retryOnConflict(meeting(conflict, conflict))).toBe('2 errors before');
});

test('it is not done for ever', async () => {
  await expect(retryOnConflict(meeting(...Array<Error>(5).fill(conflict)))).rejects.toBe(conflict);
});

test.each([refusal(403, 'Forbidden'), refusal(409, 'AlreadyExists'), new Error('no connection')])(
  '%s ends it',
  async (error) => {
    await expect(retryOnConflict(meeting(error))).rejects.toBe(error);
  },
);
