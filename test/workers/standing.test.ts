import { msToTs } from '@temporalio/common/lib/time.js';
import { describe, expect, it } from 'vitest';
import { judgeStanding } from '../../workers/standing.ts';

const ours = { deploymentName: 'queue', buildId: 'two' };
const version = (buildId: string) => ({ deploymentName: 'queue', buildId });
const summary = (buildId: string, createdAtMs: number) => ({
  deploymentVersion: version(buildId),
  createTime: msToTs(createdAtMs),
});

describe('a build in its deployment', () => {
  it.each([
    ['has no deployment yet', undefined, { kind: 'unknownYet' }],
    ['is not known yet', { versionSummaries: [summary('one', 1)] }, { kind: 'unknownYet' }],
    ['is the first', { versionSummaries: [summary('two', 2)] }, { kind: 'mayFollow', current: undefined }],
    [
      'is current',
      { versionSummaries: [summary('two', 2)], routingConfig: { currentDeploymentVersion: version('two') } },
      { kind: 'current' },
    ],
    [
      'came after the current one',
      {
        versionSummaries: [summary('one', 2_001), summary('two', 2_002)],
        routingConfig: { currentDeploymentVersion: version('one') },
      },
      { kind: 'mayFollow', current: 'one' },
    ],
    [
      'came before the current one: an old worker that starts again takes nothing back',
      {
        versionSummaries: [summary('three', 3), summary('two', 2)],
        routingConfig: { currentDeploymentVersion: version('three') },
      },
      { kind: 'older', current: 'three' },
    ],
    [
      'was current before: an operator went back, and a worker that starts again accepts that',
      {
        versionSummaries: [summary('one', 1), { ...summary('two', 2), lastCurrentTime: msToTs(3) }],
        routingConfig: { currentDeploymentVersion: version('one') },
      },
      { kind: 'replaced', current: 'one' },
    ],
    [
      'was current before, and an operator wants no build',
      { versionSummaries: [{ ...summary('two', 2), firstActivationTime: msToTs(3) }] },
      { kind: 'replaced', current: undefined },
    ],
    [
      'is not to judge where somebody else decides',
      {
        versionSummaries: [summary('one', 1), summary('two', 2)],
        routingConfig: { currentDeploymentVersion: version('one') },
        managerIdentity: 'controller',
      },
      { kind: 'managed', manager: 'controller' },
    ],
  ])('%s', (_name, info, standing) => {
    expect(judgeStanding(ours, info)).toEqual(standing);
  });
});
