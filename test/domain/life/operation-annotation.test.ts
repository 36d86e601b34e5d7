import { describe, expect, it } from 'vitest';
import { annotations } from '../../../api/constants.ts';
import { operatorVerbs } from '../../../domain/life/machine-life.ts';
import { parseOperation } from '../../../domain/life/operation-annotation.ts';

describe('parseOperation', () => {
  it.each([
    ['retry', { kind: 'verb', verb: 'retry', reason: '' }],
    ['  forceRelease : the disk is dead ', { kind: 'verb', verb: 'forceRelease', reason: 'the disk is dead' }],
    ['force-release', { kind: 'verb', verb: 'forceRelease', reason: '' }],
    ['retry: a\nb', { kind: 'verb', verb: 'retry', reason: 'a\nb' }],
    ['retyr', { kind: 'unknown' }],
    ['', { kind: 'unknown' }],
    ['retry now', { kind: 'unknown' }],
  ])('%j', (text, expected) => {
    expect(parseOperation(text, operatorVerbs)).toEqual(expected);
  });

  it('cuts a reason without end', () => {
    expect(parseOperation(`retry: ${'x'.repeat(5000)}`, operatorVerbs)).toMatchObject({ reason: 'x'.repeat(1024) });
  });

  it('is asked for by the contract’s annotation', () => {
    expect(annotations.operation).toBe('baremetal.alauda.io/operation');
  });
});
