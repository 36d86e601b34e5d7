import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOutputTail, explainFailure, tellFailure } from '../../../domain/plan/failure-output.ts';

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

  it.each([
    ['a count', 'Copied 403 of 900 files\nerror: 403 files could not be linked'],
    ['a path', 'copying /usr/share/certificate/x509.crt\nfailed to stat /etc/ca-certificates/certificate.pem'],
    ['a progress line', 'checking the disk for an i/o error\nwaiting, connection refused is normal here'],
    ['a line that is no error', 'INFO[0001] pull: unauthorized\n2026-07-05T03:04:05Z WARN dial: connection refused'],
    ['a structured line that is none', 'time="t" level=warning msg="pull failed: manifest unknown"'],
  ])('takes no cause from %s', (_, output) => {
    const explained = explainFailure(failed(`${output}\n${ending('upgrade', 1)}`));
    expect(explained).not.toHaveProperty('cause');
  });

  it.each([
    ['error: failed to pull: unexpected status from HEAD request to https://r/v2/: 403 Forbidden', 'refuses access'],
    ['curl: (22) The requested URL returned error: 403', 'refuses access'],
    ['time="t" level=error msg="dial tcp 10.0.0.1:443: connect: connection refused"', 'the connection is refused'],
    ['tls: failed to verify certificate: x509: certificate has expired or is not yet valid', 'not trusted'],
    ['ERROR: copying /certificates/a: Permission denied', 'permission is denied'],
  ])('takes a cause from the error line %s', (line, cause) => {
    expect(explainFailure(failed(`${line}\n${ending('upgrade', 1)}`)).cause).toContain(cause);
  });

  it('blames no registry for a step that asks none', () => {
    const output = failed(`error: unauthorized: authentication required\n${ending('schedule-reboot', 1)}`);
    expect(explainFailure(output)).not.toHaveProperty('cause');
  });

  it('names the command that prints the rest', () => {
    expect(
      tellFailure(explainFailure(failed(ending('upgrade', 124))), { namespace: 'metal', name: 'rack1-node12' }),
    ).toBe(
      'Step upgrade failed with exit code 124: the command did not end in time. `ironloom output metal/rack1-node12` prints what the host said',
    );
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
    ['nothing said', pack({ 'ironloom-clean': null }), 'the instruction could not be started, or ended without output'],
    [
      'what others said',
      pack({ 'ironloom-clean': null, other: Buffer.from('no space left on device').toString('base64') }),
      'the instruction could not be started, or ended without output',
    ],
    ['empty map', pack({}), 'it reported no output'],
    ['odd values', pack({ a: 1 }), 'it reported no output'],
    ['huge', 'A'.repeat(1_300_000), 'its output is too large to be read'],
    ['too many instructions', pack(Object.fromEntries(Array(1_001).fill(null).entries())), 'its output is too complex'],
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
