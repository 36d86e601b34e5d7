import { expect, test } from 'vitest';
import { attemptId } from '../../../domain/plan/attempt.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';
import { showPlan } from '../../../domain/plan/shown-plan.ts';

const SECRET = 'abcdef.0123456789abcdef';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('of a plan of ours what is not secret is shown', () => {
  const { json } = renderReprovisionPlan({
    attemptId: attemptId({ uid: 'uid-1', planType: 'reprovision', attempt: 1 }),
    userData: `#cloud-config\ntoken: ${SECRET}\n`,
    hostname: 'rack1',
    metaData: { 'local-hostname': 'rack1', labels: { password: SECRET } },
    networkConfig: `network:\n  version: 2\n  password: ${SECRET}\n`,
    image: 'registry.example.com/os:v1',
  });
  const lines = showPlan(Buffer.from(json));
  const text = lines.join('\n');
  expect(text).not.toContain(SECRET);
  expect(text).toContain('registry.example.com/os:v1');
  expect(lines).toEqual(expect.arrayContaining(['  local-hostname: "rack1"', '  network:', '  (not shown)']));
  expect(lines.filter((line) => line.startsWith('file ')).map((line) => line.split('/').at(-1))).toEqual([
    'user-data',
    'meta-data',
    'network-config',
  ]);
});

test('of a plan of somebody else the names alone', () => {
  const plan = {
    files: [{ path: '/etc/meta-data', content: base64(SECRET) }],
    instructions: [{ name: 'reset', command: 'sh', args: ['-c', SECRET] }],
  };
  expect(showPlan(Buffer.from(JSON.stringify(plan)))).toEqual([
    'file /etc/meta-data',
    '  (not shown)',
    'run reset',
    '  (not shown)',
  ]);
});

test.each([
  ['', []],
  ['{}', []],
  ['no json', ['(a plan that cannot be read)']],
  ['{"files": 1}', ['(a plan that cannot be read)']],
  ['{"files": null, "instructions": [{"args": null}]}', ['run ', '  (not shown)']],
])('%j harms nobody', (text, lines) => {
  expect(showPlan(Buffer.from(text))).toEqual(lines);
});
