import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { secretSchema } from '../../../api/core.ts';
import { readBootReport, reportsBoot } from '../../../domain/plan/boot-report.ts';
import { renderCleanPlan } from '../../../domain/plan/clean.ts';
import { renderRebootPlan } from '../../../domain/plan/reboot.ts';
import { renderReprovisionPlan } from '../../../domain/plan/reprovision.ts';
import { viewPlanSecret } from '../../../domain/plan/secret.ts';

const pack = (said: string | null): string => {
  const output = said === null ? null : Buffer.from(said).toString('base64');
  return gzipSync(JSON.stringify({ 'ironloom-reprovision': output })).toString('base64');
};
const line = (boot: string, before: string, mode: string): string =>
  `ironloom: boot ${boot} after ${before} mode ${mode} image registry/os:v1\n`;

it.each([
  ['nothing', undefined, undefined],
  ['an empty key', '', undefined],
  ['no output', pack(null), undefined],
  ['no gzip', 'eA==', undefined],
  ['other words', pack('done\n'), undefined],
  ['another boot', pack(line('b', 'a', 'active')), { rebooted: true, mode: 'active' }],
  ['the same boot', pack(line('a', 'a', 'active')), { rebooted: false, mode: 'active' }],
  ['a fallback', pack(line('b', 'a', 'passive')), { rebooted: true, mode: 'passive' }],
  ['a mode that we do not know', pack(line('b', 'a', 'frugal')), undefined],
  [
    'more than one line',
    pack(line('b', 'a', 'passive') + line('c', 'a', 'active')),
    { rebooted: true, mode: 'active' },
  ],
  ['a line within another', pack(`x ${line('b', 'a', 'active')}`), undefined],
  ['too much', pack(`${'x'.repeat(400_000)}\n${line('b', 'a', 'active')}`), undefined],
])('reads %s', (_, output, report) => {
  expect(readBootReport(output)).toEqual(report);
});

it('counts for a plan of ours that was applied', () => {
  const plan = renderCleanPlan({ attemptId: 'clean-1-uid' });
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const view = (text: string, applied: string) =>
    viewPlanSecret(
      secretSchema.parse({
        metadata: { name: 'h' },
        data: {
          plan: encode(text),
          'applied-checksum': encode(applied),
          'applied-output': pack(line('b', 'a', 'active')),
        },
      }),
    );
  expect(view(plan.json, plan.checksum).boot).toEqual({ rebooted: true, mode: 'active' });
  const reboot = renderRebootPlan({ attemptId: 'reboot-3-uid' });
  expect(view(reboot.json, reboot.checksum).boot).toEqual({ rebooted: true, mode: 'active', reboot: 3 });
  expect(view(plan.json, '').boot).toBeUndefined();
  expect(view('{}', plan.checksum).boot).toBeUndefined();
});

it('a plan tells whether its guard reports boots', () => {
  const given = { attemptId: 'reprovision-1-u', userData: '#cloud-config', hostname: 'h1', image: 'os:v1' };
  expect(reportsBoot(Buffer.from(renderReprovisionPlan(given).json))).toBe(true);
  expect(reportsBoot(Buffer.from(renderCleanPlan({ attemptId: 'clean-1-u' }).json))).toBe(false);
});
