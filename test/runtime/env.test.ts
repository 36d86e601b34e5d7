import { describe, expect, it } from 'vitest';
import { MAX_SLOTS } from '../../api/slots.ts';
import { parseDurationMs } from '../../runtime/duration.ts';
import { parseHardwareLabels } from '../../runtime/hardware-labels.ts';
import { type Env, parseCall, parseEnv } from '../../runtime/env.ts';
import { envSchema } from '../../runtime/env-schema.ts';

/** Keeps a profile file of the machine that runs the tests out of them. */
const noFile = { TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };

function read(record: Record<string, string>): Env {
  const result = parseEnv({ ...noFile, ...record });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.env;
}

function problemsOf(record: Record<string, string>): string[] {
  const result = parseEnv({ ...noFile, ...record });
  return result.ok ? [] : result.problems;
}

describe('parseEnv', () => {
  it('has a default for everything', () => {
    expect(read({})).toEqual({
      temporal: { namespace: 'default', connectionOptions: { address: '127.0.0.1:7233' } },
      taskQueue: 'ironloom-machine-v1',
      logLevel: 'info',
      reprovisionDeadlineMs: 3_600_000,
      cleanDeadlineMs: 900_000,
      validateDeadlineMs: 900_000,
      nodeJoinDeadlineMs: 1_200_000,
      resyncPeriodMs: 180_000,
      leaderElect: true,
      leaseNamespace: 'ironloom-system',
      console: { address: { host: '127.0.0.1', port: 8480 }, access: undefined, temporalUiUrl: undefined },
      hostLabels: { failureDomain: 'topology.kubernetes.io/zone', hardware: parseHardwareLabels('') },
    });
  });

  it.each(['', ' '])("takes blank variables ('%s') for unset ones", (blank) => {
    const names = [...Object.keys(envSchema.shape), 'TEMPORAL_TLS', 'TEMPORAL_TLS_CLIENT_CERT_PATH'];
    expect(read(Object.fromEntries(names.map((name) => [name, blank])))).toEqual(read({}));
  });

  it('reads every variable', () => {
    const env = read({
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'metal',
      TEMPORAL_API_KEY: 'k',
      IRONLOOM_TASK_QUEUE: 'q',
      KUBECONFIG: '/a/kubeconfig',
      IRONLOOM_WATCH_NAMESPACE: 'lab',
      IRONLOOM_WATCH_FILTER: 'mine',
      IRONLOOM_DEFAULT_REGISTRY: 'registry.example:5000/os',
      IRONLOOM_BUILD_ID: 'v0.1.0',
      IRONLOOM_WORKFLOW_BUNDLE: '/app/workflows.js',
      IRONLOOM_SETTINGS_FOLDER: '/etc/ironloom/settings',
      IRONLOOM_METRICS_ADDRESS: '127.0.0.1:9090',
      IRONLOOM_HEALTH_ADDRESS: ':8081',
      IRONLOOM_LOG_LEVEL: 'debug',
      IRONLOOM_REPROVISION_DEADLINE: '1h30m',
      IRONLOOM_CLEAN_DEADLINE: '90s',
      IRONLOOM_NODE_JOIN_DEADLINE: '5m',
      IRONLOOM_RESYNC_PERIOD: '10m',
      IRONLOOM_MAX_CONCURRENT_REPROVISIONS: '12',
      IRONLOOM_LEADER_ELECT: 'false',
      IRONLOOM_LEASE_NAMESPACE: 'metal-system',
      IRONLOOM_FAILURE_DOMAIN_LABEL: 'example.com/rack',
      IRONLOOM_HARDWARE_LABELS: 'cpu=example.com/threads',
    });
    expect(env.temporal).toMatchObject({
      namespace: 'metal',
      connectionOptions: { address: 'temporal.example:7233', apiKey: 'k' },
    });
    expect(env).toMatchObject({
      taskQueue: 'q',
      kubeconfigPath: '/a/kubeconfig',
      watchNamespace: 'lab',
      watchFilter: 'mine',
      defaultRegistry: 'registry.example:5000/os',
      hostLabels: { failureDomain: 'example.com/rack', hardware: { cpu: ['example.com/threads'] } },
      buildId: 'v0.1.0',
      workflowBundlePath: '/app/workflows.js',
      settingsFolder: '/etc/ironloom/settings',
      metricsAddress: { host: '127.0.0.1', port: 9090 },
      healthAddress: { host: undefined, port: 8081 },
      logLevel: 'debug',
      reprovisionDeadlineMs: 5_400_000,
      cleanDeadlineMs: 90_000,
      nodeJoinDeadlineMs: 300_000,
      maxConcurrentReprovisions: 12,
      resyncPeriodMs: 600_000,
      leaderElect: false,
      leaseNamespace: 'metal-system',
    });
    expect(Object.isFrozen(env)).toBe(true);
  });

  it('takes several kubeconfig files', () => {
    expect(read({ KUBECONFIG: '/a:/b' }).kubeconfigPath).toBe('/a:/b');
  });

  it('reads IPv6 addresses', () => {
    expect(read({ IRONLOOM_HEALTH_ADDRESS: '[::1]:1' }).healthAddress).toEqual({ host: '::1', port: 1 });
  });

  it('names every wrong variable at once', () => {
    const problems = problemsOf({
      TEMPORAL_ADDRESS: 'http://temporal:7233',
      IRONLOOM_WATCH_NAMESPACE: 'Not_A_Namespace',
      IRONLOOM_LOG_LEVEL: 'loud',
      IRONLOOM_METRICS_ADDRESS: 'localhost:99999',
      IRONLOOM_CLEAN_DEADLINE: '15',
      IRONLOOM_LEADER_ELECT: 'yes',
    });
    const names = problems.map((problem) => problem.split(':', 1)[0]);
    expect(new Set(names)).toEqual(
      new Set([
        'IRONLOOM_CLEAN_DEADLINE',
        'IRONLOOM_LEADER_ELECT',
        'IRONLOOM_LOG_LEVEL',
        'IRONLOOM_METRICS_ADDRESS',
        'IRONLOOM_WATCH_NAMESPACE',
        'TEMPORAL_ADDRESS',
      ]),
    );
    expect(problems).toHaveLength(6);
  });

  it('takes as many slots as fit into their object', () => {
    const env = read({ IRONLOOM_MAX_CONCURRENT_REPROVISIONS: `${MAX_SLOTS}` });
    expect(env.maxConcurrentReprovisions).toBe(MAX_SLOTS);
  });

  it.each([
    ['IRONLOOM_DEFAULT_REGISTRY', 'https://registry.example'],
    ['IRONLOOM_DEFAULT_REGISTRY', 'registry.example; rm -rf'],
    ['IRONLOOM_CLEAN_DEADLINE', '0s'],
    ['IRONLOOM_CLEAN_DEADLINE', '-5m'],
    ['IRONLOOM_CLEAN_DEADLINE', '9000h'],
    ['IRONLOOM_HEALTH_ADDRESS', '8081'],
    ['IRONLOOM_WATCH_FILTER', 'a,b=c'],
    ['IRONLOOM_FAILURE_DOMAIN_LABEL', 'a b'],
    ['IRONLOOM_FAILURE_DOMAIN_LABEL', '/zone'],
    ['IRONLOOM_HARDWARE_LABELS', 'cpu'],
    ['IRONLOOM_HARDWARE_LABELS', 'cpu=a b'],
    ['IRONLOOM_HARDWARE_LABELS', 'cpu=a=b'],
    ['IRONLOOM_MAX_CONCURRENT_REPROVISIONS', '0'],
    ['IRONLOOM_MAX_CONCURRENT_REPROVISIONS', `${MAX_SLOTS + 1}`],
    ['IRONLOOM_MAX_CONCURRENT_REPROVISIONS', '2.5'],
    ['TEMPORAL_ADDRESS', 'a b'],
  ])('refuses %s=%s', (name, value) => {
    expect(problemsOf({ [name]: value })).toHaveLength(1);
  });

  it('does not quote secrets when they are wrong', () => {
    const secret = 'hunter2';
    const record = {
      TEMPORAL_API_KEY: secret,
      TEMPORAL_TLS_CLIENT_KEY_DATA: secret,
      TEMPORAL_TLS_CLIENT_KEY_PATH: '/k',
    };
    expect(problemsOf(record)).toHaveLength(1);
    expect(problemsOf(record).join()).not.toContain(secret);
  });

  it('documents every variable', () => {
    for (const [name, schema] of Object.entries(envSchema.shape)) expect(schema.description, name).toBeTruthy();
  });
});

describe('parseHardwareLabels', () => {
  const all = parseHardwareLabels('');

  it('has those of elemental, and replaces or takes away what is named', () => {
    expect(Object.keys(all ?? {})).toEqual(['cpu', 'memory', 'ephemeral-storage', 'architecture']);
    expect(parseHardwareLabels(' memory = a | example.com/b , nvidia.com/gpu=g, architecture=')).toEqual({
      ...all,
      memory: ['a', 'example.com/b'],
      'nvidia.com/gpu': ['g'],
      architecture: [],
    });
  });
});

describe('parseDurationMs', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1m500ms', 60_500],
    ['0s', 0],
    ['', undefined],
    ['15', undefined],
    ['1.5h', undefined],
    ['5 m', undefined],
    [`${'9'.repeat(30)}h`, undefined],
  ])('%s is %s', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });
});

describe('parseCall', () => {
  const namespaceOf = (args: readonly string[], variable = '') => {
    const result = parseCall({ ...noFile, IRONLOOM_WATCH_NAMESPACE: variable }, args);
    return result.ok ? result.env.watchNamespace : result.problems;
  };

  it('takes --namespace, as Cluster API wants of each provider, before the variable', () => {
    expect(namespaceOf(['--namespace=lab'])).toBe('lab');
    expect(namespaceOf(['--namespace', 'lab'], 'other')).toBe('lab');
    expect(namespaceOf([], 'other')).toBe('other');
  });

  it('serves all namespaces when the flag is empty', () => {
    expect(namespaceOf(['--namespace='], 'other')).toBeUndefined();
  });

  it.each([
    [['--namespace=Not A Name'], 'IRONLOOM_WATCH_NAMESPACE: must be a namespace name'],
    [['--namspace=lab'], expect.stringContaining("Unknown option '--namspace'")],
    [['lab'], expect.stringContaining("Unexpected argument 'lab'")],
  ])('refuses %j', (args, problem) => {
    expect(namespaceOf(args)).toEqual([problem]);
  });
});
