/**
 * `npm test`: the checks, then all tests. The last line is `N passed, N failed, N skipped`, from vitest's own report;
 * a failing check counts as one failed test.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  success: z.boolean(),
});

function run(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

const folder = mkdtempSync(join(tmpdir(), 'ironloom-report-'));
const reportFile = join(folder, 'report.json');
const checked = run('npm', ['run', '--silent', 'check']);
const toolsBuilt = run('node', ['dev/build-tools.ts']);
const tested = run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]);

const counts = { passed: 0, failed: 0, skipped: 0 };
try {
  const report = reportSchema.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
  counts.passed = report.numPassedTests;
  counts.failed = report.numFailedTests;
  counts.skipped = report.numPendingTests + report.numTodoTests;
} catch {
  console.error('vitest left no report');
}
rmSync(folder, { recursive: true, force: true });
const succeeded = checked && toolsBuilt && tested && counts.failed === 0 && counts.passed > 0;
if (!checked) console.error('\nnpm run check failed; see above');
if (!succeeded && counts.failed === 0) counts.failed = 1;
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = succeeded ? 0 : 1;
