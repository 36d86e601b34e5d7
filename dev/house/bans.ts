import type { Ban } from './room.ts';

const wireFormat = 'api/ is the wire format: no I/O, no other folder.';
const pure = 'domain/ is pure: api/ and libraries without I/O only.';
const sandbox = 'workflows/ run in the sandbox: api constants, domain, and activity types only.';
const byMessages = 'bridge and cli know workflows by their messages only.';

const io = ['node:fs', 'node:child_process', 'node:http*', '@temporalio/*', '@kubernetes/*', 'undici'];
const temporalInside = ['@temporalio/activity', '@temporalio/worker', '@temporalio/workflow'];
const processes = ['@kubernetes/*', 'undici', 'pino', 'prom-client'];

/** What the rooms do without, by the reason. */
export const bans = {
  wireFormat: [{ modules: ['node:*'], why: wireFormat }],
  pure: [{ modules: [...io, 'node:net'], why: pure }],
  pureWithAddresses: [
    { modules: io, why: pure },
    {
      modules: ['node:net'],
      exceptNames: ['BlockList', 'isIP'],
      why: 'domain/ is pure: of node:net only what knows addresses.',
    },
  ],
  pureInSandbox: [
    {
      modules: ['node:*', 'zod', ...io.filter((module) => !module.startsWith('node:'))],
      why: 'domain/ is pure, and this part of it runs in the workflow sandbox.',
    },
  ],
  sandbox: [
    {
      modules: ['node:*', 'zod', ...processes, '@temporalio/activity', '@temporalio/client', '@temporalio/worker'],
      why: sandbox,
    },
  ],
  activity: [
    { modules: processes, why: 'runtime/ makes clients, logs and metrics.' },
    { modules: ['@temporalio/client', '@temporalio/worker', '@temporalio/workflow'], why: 'An activity is one step.' },
  ],
  journal: [{ modules: ['@temporalio/*', '@kubernetes/*', 'undici'], why: 'journal/ knows its database only.' }],
  reading: [{ modules: [...io, ...processes], why: 'reading/ only reads what it is given.' }],
  outsideOfWorkflows: [
    { modules: processes, why: 'runtime/ makes clients, logs and metrics.' },
    { modules: temporalInside, why: byMessages },
  ],
  page: [
    {
      modules: ['node:*', ...io.filter((module) => !module.startsWith('node:')), 'zod'],
      why: 'A browser runs it as it stands.',
    },
  ],
  workerProcess: [
    { modules: processes, why: 'runtime/ makes clients, logs and metrics.' },
    { modules: ['@temporalio/activity', '@temporalio/workflow'], why: 'workers/ name the workflows by path only.' },
  ],
  runtimeHall: [
    { modules: ['@kubernetes/*', 'undici'], why: 'runtime/kube/ is the one client of Kubernetes.' },
    { modules: temporalInside, why: 'runtime/ serves the processes and knows none of them.' },
  ],
  kubeCache: [
    { modules: ['@kubernetes/*', 'undici', '@temporalio/*'], why: 'runtime/kube/ is the one client of Kubernetes.' },
  ],
  kubeClient: [{ modules: ['@temporalio/*'], why: 'runtime/kube/ knows Kubernetes only.' }],
  temporalConnection: [
    { modules: processes, why: 'runtime/temporal/ knows Temporal only.' },
    { modules: ['@temporalio/activity', '@temporalio/workflow'], why: 'runtime/temporal/ connects, and runs nothing.' },
  ],
} satisfies Record<string, readonly Ban[]>;
