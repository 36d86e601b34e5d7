import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOutputTail, explainFailure } from '../../../domain/plan/failure-output.ts';

const pack = (value: unknown): string => gzipSync(JSON.stringify(value)).toString('base64');
const failed = (output: string): string => pack({ 'ironloom-reprovision': Buffer.from(output).toString('base64') });
const ending = (step: string, code: number): string => `ironloom: step ${step} failed with exit code ${code}\n`;

describe('explainFailure', () => {
  it.each([
    ['write /var: no space left on device', 'no space left on the host'],
    ['GET https://r/v2/: MANIFEST_UNKNOWN: manifest unknown', 'the registry has no such image'],
    ['manifest for a.b/os:v1 not found', 'the registry has no such image'],
    ['unauthorized: authentication required', 'the registry refuses access'],
    ['x509: certificate signed by unknown authority', 'the certificate of the registry is not trusted by the host'],
    ['dial tcp 10.0.0.1:443: connect: connection refused', 'the connection is refused'],
    ['dial tcp 10.0.0.1:443: i/o timeout', 'a connection timed out'],
    ['dial tcp: lookup r.example: no such host', 'a name cannot be resolved'],
    ['touch: /x: Read-only file system', 'a file system of the host is read-only'],
    ['sh: 3: elemental: not found', 'a command is missing on the host'],
    ["timeout: failed to run command 'elemental': No such file or directory", 'a command is missing on the host'],
  ])('recognises %s', (line, cause) => {
    expect(explainFailure(failed(`noise\n${line}\n${ending('upgrade', 1)}`))).toEqual({
      step: 'upgrade',
      exitCode: 1,
      cause,
      message: `Step upgrade failed with exit code 1: ${cause}`,
    });
  });

  it('recognises the end by timeout', () => {
    expect(explainFailure(failed(ending('upgrade', 124)))).toMatchObject({ cause: 'the command did not end in time' });
  });

  it.each([
    ['no output', undefined, 'it reported no output'],
    ['empty', '', 'it reported no output'],
    ['not gzip', Buffer.from('s3cret').toString('base64'), 'its output is not gzip'],
    ['not JSON', gzipSync('s3cret').toString('base64'), 'its output is not JSON'],
    ['not a map', pack(['s3cret']), 'its output is not a map of instructions'],
    ['null', pack(null), 'its output is not a map of instructions'],
    ['not started', pack({ 'ironloom-clean': null }), 'the instruction could not be started'],
    ['empty map', pack({}), 'it reported no output'],
    ['odd values', pack({ a: 1 }), 'it reported no output'],
    ['huge', 'A'.repeat(1_300_000), 'its output is too large to be read'],
    ['bomb', gzipSync(Buffer.alloc(50_000_000)).toString('base64'), 'its output unpacks to too many bytes'],
  ])('says why it cannot be read: %s', (_, output, problem) => {
    expect(explainFailure(output)).toEqual({ message: `The plan failed on the host: ${problem}` });
  });

  it('lets no byte of the output through', () => {
    const words = new Set(explainFailure(failed('')).message.split(' '));
    expect(
      explainFailure(failed(`token s3cret\n${ending('s3cret', 1)}`))
        .message.split(' ')
        .every((word) => words.has(word)),
    ).toBe(true);
    const known =
      /^Step upgrade failed with exit code \d+: (?:[a-z ,:/-]+|the cause is not recognised, .* plan Secret)$/;
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 255 }), (output, code) => {
        const { message } = explainFailure(failed(`${output}\n${ending('upgrade', code)}`));
        expect(message).toMatch(known);
      }),
    );
  });
});

describe('decodeOutputTail', () => {
  it('shows the last lines without control characters', () => {
    const output = failed(`one\ntwo\t\u001b[2Jü\r\n${'x'.repeat(9)}\u202e\n`);
    expect(decodeOutputTail(output, { maxLines: 2 })).toBe('two\t\uFFFD[2Jü\nxxxxxxxxx\uFFFD');
    expect(decodeOutputTail('!', { maxLines: 2 })).toBe('(its output is not gzip)');
  });
});
