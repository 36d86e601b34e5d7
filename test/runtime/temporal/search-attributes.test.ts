import { describe, expect, it } from 'vitest';
import { ensureSearchAttributes } from '../../../runtime/temporal/search-attributes.ts';
import { createConnection, grpcError } from './fake-connection.ts';

const text = 1;
const keyword = 2;
const create = 'temporal operator search-attribute create --namespace metal';

describe('ensureSearchAttributes', () => {
  it('adds what is missing, once', async () => {
    const { connection, calls } = createConnection({ attributes: { A: keyword } });
    const usable = new Set(['A', 'B']);
    const ensure = () => ensureSearchAttributes(connection, 'metal', ['A', 'B']);
    expect(await ensure()).toEqual({ usable, added: ['B'], problem: undefined });
    expect(await ensure()).toEqual({ usable, added: [], problem: undefined });
    expect(calls).toEqual([{ namespace: 'metal', searchAttributes: { B: keyword } }]);
  });

  it('is content when another process was faster', async () => {
    const { connection } = createConnection({ refuse: { add: grpcError(6, 'already exists') } });
    const outcome = await ensureSearchAttributes(connection, 'metal', ['A']);
    expect(outcome).toMatchObject({ usable: new Set(['A']), problem: undefined });
  });

  it('needs no right to add what exists', async () => {
    const { connection } = createConnection({ attributes: { A: keyword }, refuse: { add: grpcError(7, 'denied') } });
    const outcome = await ensureSearchAttributes(connection, 'metal', ['A']);
    expect(outcome).toEqual({ usable: new Set(['A']), added: [], problem: undefined });
  });

  it.each([7, 12, 16])('takes all for usable where it may not list them (%i), and says what to run', async (code) => {
    const { connection } = createConnection({ refuse: { list: grpcError(code, 'no rights') } });
    const outcome = await ensureSearchAttributes(connection, 'metal', ['A', 'B']);
    expect(outcome.usable).toEqual(new Set(['A', 'B']));
    expect(outcome.problem).toBe(
      `no rights; if they are missing, somebody with the right to do so must run: ${create} --name A --type Keyword --name B --type Keyword`,
    );
  });

  it.each([3, 7, 9])('adds the others when one is refused (%i), and says what to run', async (code) => {
    const add = (name: string) => (name === 'B' ? grpcError(code, 'not that one') : undefined);
    const { connection } = createConnection({ refuse: { add } });
    const outcome = await ensureSearchAttributes(connection, 'metal', ['A', 'B', 'C']);
    expect(outcome).toMatchObject({ usable: new Set(['A', 'C']), added: ['A', 'C'] });
    expect(outcome.problem).toBe(
      `B: not that one; somebody with the right to do so must run: ${create} --name B --type Keyword`,
    );
  });

  it('adds the others beside one of another type, and says how to mend that', async () => {
    const { connection } = createConnection({ attributes: { A: text } });
    const outcome = await ensureSearchAttributes(connection, 'metal', ['A', 'B']);
    expect(outcome).toMatchObject({ usable: new Set(['B']), added: ['B'] });
    expect(outcome.problem).toBe(
      `A: of type TEXT, not Keyword; somebody with the right to do so must run: temporal operator search-attribute remove --namespace metal --name A --yes && ${create} --name A --type Keyword`,
    );
  });

  it.each(['list', 'add'] as const)('passes every other failure of %s on', async (verb) => {
    const { connection } = createConnection({ refuse: { [verb]: grpcError(14, 'unavailable') } });
    await expect(ensureSearchAttributes(connection, 'metal', ['A'])).rejects.toThrow('unavailable');
  });
});
