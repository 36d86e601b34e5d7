import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameOfReferent, wordsOf } from '../../../domain/inputs/others-words.ts';

const type = 'BootstrapConfigReady';

describe('the words of a condition', () => {
  it.each([
    [
      'its message, in one line',
      { status: 'False', message: '* CertificatesAvailable: missing certificate\n* DataSecretAvailable: wait' },
      'CertificatesAvailable: missing certificate; DataSecretAvailable: wait',
    ],
    ['its reason, without a message', { status: 'Unknown', reason: 'NotYetKnown' }, 'NotYetKnown'],
    ['nothing, when it is True', { status: 'True', message: 'all is well' }, undefined],
    ['nothing, without words', { status: 'False', message: ' \n* \n' }, undefined],
    ['no control characters', { status: 'False', message: 'a\u001b[31mb\u202ec' }, 'a [31mb c'],
  ])('are %s', (_, condition, words) => {
    expect(
      wordsOf(
        [
          { type: 'Ready', status: 'False', message: 'other' },
          { type, ...condition },
        ],
        type,
      ),
    ).toBe(words);
  });

  it('are bounded, whatever stands there', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const conditions of [value, [value], [{ type, status: 'False', message: value }]]) {
          const words = wordsOf(conditions, type);
          expect(words === undefined || (words.length > 0 && words.length <= 240 && !/\p{C}/u.test(words))).toBe(true);
        }
      }),
    );
    const long = wordsOf([{ type, status: 'False', message: 'x'.repeat(1_000_000) }], type);
    expect(long).toHaveLength(240);
  });
});

it('a reference is named by kind and name', () => {
  expect(nameOfReferent({ apiGroup: 'g', kind: 'KubeadmConfig', name: 'demo-1' })).toBe('KubeadmConfig demo-1');
  for (const broken of [undefined, null, 'x', {}, { kind: 'K' }, { kind: 7, name: [] }]) {
    expect(nameOfReferent(broken)).toBeUndefined();
  }
});
