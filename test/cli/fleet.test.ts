import { annotations } from '../../api/constants.ts';
import { attemptId } from '../../domain/plan/attempt.ts';
import { renderReprovisionPlan } from '../../domain/plan/reprovision.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeApiServer, reset, startFakeApiServer } from '../runtime/kube/fake-api-server.ts';
import { type FakeTemporal, listOf, readListQuery, startFakeTemporal } from '../support/fake-temporal.ts';
import { callCli } from './call.ts';
import { host, serveFleet, standing } from './fleet-fixture.ts';

let server: FakeApiServer;
let temporal: FakeTemporal;
beforeEach(async () => {
  [server, temporal] = await Promise.all([startFakeApiServer(), startFakeTemporal()]);
  serveFleet(server, standing);
  const runs = ['m-runs', 'm-failed', 'm-waits'].map((name) => `machine/metal/${name}/uid-${name}`);
  temporal.replies.set('ListWorkflowExecutions', listOf(...runs));
  vi.stubEnv('KUBECONFIG', server.kubeconfigPath);
  vi.stubEnv('TEMPORAL_ADDRESS', temporal.address);
  vi.stubEnv('TEMPORAL_CONFIG_FILE', '/nonexistent/temporal.toml');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([server.close(), temporal.close()]);
});

const run = (...args: string[]) => callCli([...args, '-n', 'metal']);
const words = (text: string): string[][] => text.split('\n').map((line) => line.split(/ {2,}/));

describe('get', () => {
  it('shows where machines are, since when, and the next verb', async () => {
    const { code, out, complaint } = await run('get', 'machines');
    expect([code, complaint]).toEqual([0, '']);
    expect(words(out)).toEqual([
      ['NAME', 'PHASE', 'HOST', 'NODE', 'REASON', 'IN-PHASE', 'NEXT'],
      ['m-runs', 'Running', 'rack1', 'node-1', 'Ready', '30m', '-'],
      ['m-failed', 'Failed', 'rack2', '-', 'PlanFailed', '30m', 'by hand'],
      ['m-waits', 'Pending', '-', '-', 'PoolExhausted', '30m', 'by hand'],
    ]);
    expect(server.requests.every(({ url }) => url.pathname.includes('/namespaces/metal/'))).toBe(true);
  });

  it.each([
    [['--phase', 'Failed'], ['m-failed']],
    [['--reason', 'PoolExhausted'], ['m-waits']],
    [['--cluster', 'other'], []],
    [['m-runs'], ['m-runs']],
  ])('shows those that are asked for (%j)', async (args, names) => {
    const { out } = await run('get', 'bmm', ...args, '-o', 'name');
    expect(out.split('\n').filter(Boolean)).toEqual(
      names.map((name) => `baremetalmachine.infrastructure.cluster.x-k8s.io/${name}`),
    );
  });

  it.each([
    [['get', 'machines', '--phase', 'Fialed'], 'Pending, Allocated, Reprovisioning, Running, Preparing, Failed'],
    [['get', 'machines', '--reason', 'PlanFialed'], 'PlanFailed'],
    [['get', 'hosts', '--state', 'Lost'], 'Stranded'],
    [['get', 'machines', '-o', 'xml'], 'wide, json, yaml, name'],
    [['get', 'nodes'], 'none of machines, hosts, pools'],
  ])('refuses %j with 2, and names what there is', async (args, known) => {
    const { code, complaint } = await run(...args);
    expect(code).toBe(2);
    expect(complaint).toContain(known);
    expect(server.requests).toEqual([]);
  });

  it('shows hosts, pools, all namespaces, and more when asked', async () => {
    const hosts = words((await run('get', 'hosts')).out);
    expect(hosts.map(([name, state, pool, machine, next]) => [name, state, pool, machine, next])).toEqual([
      ['NAME', 'STATE', 'POOL', 'MACHINE', 'NEXT'],
      ['rack1', 'InUse', 'workers', 'm-runs', 'delete machine'],
      ['rack2', 'InUse', 'workers', 'm-failed', 'reallocate'],
      ['rack3', 'Quarantined', 'workers', '-', 'unquarantine'],
      ['rack4', 'Stranded', 'workers', 'm-gone', 'quarantine'],
    ]);
    expect(words((await run('get', 'pools')).out)[1]).toEqual([
      'workers',
      'Exhausted',
      'c1',
      '5',
      '0',
      '2',
      '0',
      '0',
      '3',
    ]);
    server.requests.length = 0;
    const all = await callCli(['get', 'machines', '-A', '-o', 'wide']);
    expect(words(all.out)[1]?.slice(0, 2)).toEqual(['metal', 'm-runs']);
    expect(words(all.out)[0]).toEqual(expect.arrayContaining(['NAMESPACE', 'CLUSTER', 'RUN', 'AGE']));
    expect(server.requests.some(({ url }) => url.pathname.includes('/namespaces/'))).toBe(false);
  });

  it('gives programs what it knows', async () => {
    const { out } = await run('get', 'host', 'rack4', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      name: 'rack4',
      state: 'Stranded',
      stuck: true,
      ways: [{ kind: 'hostVerb', verb: 'quarantine' }],
    });
    const list = await run('get', 'hosts', '-o', 'yaml');
    expect(list.out).toContain('items:\n  - namespace: metal\n    name: rack1');
    expect((await run('get', 'host', 'rack9')).complaint).toBe('error: There is no host metal/rack9');
  });

  it('colours a terminal, and nothing else', async () => {
    const red = '\u001B[31m';
    const coloured = async (args: string[], isTerminal: boolean) =>
      (await callCli(['get', 'hosts', '-n', 'metal', ...args], { isTerminal })).out.includes(red);
    expect(await coloured([], true)).toBe(true);
    expect(await coloured(['--no-color'], true)).toBe(false);
    expect(await coloured([], false)).toBe(false);
    vi.stubEnv('NO_COLOR', '1');
    expect(await coloured([], true)).toBe(false);
  });

  it('goes on, and prints what changes', async () => {
    const ended = new AbortController();
    const printed: string[] = [];
    const watching = callCli(['get', 'machines', '-n', 'metal', '-w'], {
      signal: ended.signal,
      print: (text) => {
        printed.push(text);
        const [first, ...others] = standing.baremetalmachines;
        if (first === undefined || printed.length > 1) return ended.abort();
        const gone = { ...first, status: { ...first.status, phase: 'Preparing' } };
        serveFleet(server, { ...standing, baremetalmachines: [gone, ...others] });
      },
    });
    expect((await watching).code).toBe(0);
    expect(words(printed[0] ?? '')).toHaveLength(4);
    expect(words(printed[1] ?? '').map(([name, phase]) => [name, phase])).toEqual([['m-runs', 'Preparing']]);
  });
});

describe('what cannot be asked is said, and the rest is shown', () => {
  it('without Temporal', async () => {
    await temporal.close();
    const { code, out, complaint } = await run('get', 'hosts');
    expect(code).toBe(0);
    expect(complaint).toContain(`note: Runs are not seen: Temporal at ${temporal.address} is not reached`);
    expect(words(out).map(([name, state]) => [name, state])).toContainEqual(['rack4', 'Releasing']);
    temporal = await startFakeTemporal();
  });

  it('without Kubernetes', async () => {
    vi.stubEnv('KUBECONFIG', '/nonexistent/kubeconfig');
    const { code, out, complaint } = await run('get', 'machines', '--phase', 'Failed', '--pool', "work'ers");
    expect(code).toBe(0);
    expect(complaint).toContain('Kubernetes cannot be asked');
    expect(out).toContain('m-failed');
    expect(readListQuery(temporal.lastRequest('ListWorkflowExecutions'))).toBe(
      String.raw`WorkflowType='machineLifecycle' AND TaskQueue='ironloom-machine-v1' AND CloseTime IS NULL AND WorkflowId STARTS_WITH 'machine/metal/' AND IronloomPool='work\'ers' AND IronloomPhase='Failed'`,
    );
    expect(await run('get', 'hosts')).toMatchObject({ code: 1 });
  });

  it('without an API server that answers', async () => {
    server.otherwise = reset;
    const { code, out, complaint } = await run('get', 'machines');
    expect([code, out.includes('m-failed')]).toEqual([0, true]);
    expect(complaint).toContain('note: GET /apis/infrastructure.cluster.x-k8s.io/v1beta1/namespaces/metal/');
  });

  it('without the right to list Secrets, or Machines', async () => {
    serveFleet(server, standing, ['secrets', 'machines']);
    const { code, out, complaint } = await run('get', 'machines');
    expect(code).toBe(0);
    expect(complaint).toContain(
      'Plan Secrets are not seen, and are taken to be there: This needs the right to list secrets',
    );
    expect(complaint).toContain('Nodes are not seen');
    expect(words(out)).toHaveLength(4);
  });

  it('knows a host whose plan Secret is gone, where it may look for it', async () => {
    const objects = { ...standing, machineinventories: [host('rack5')] };
    const stateOf = async () => words((await run('get', 'hosts')).out)[1]?.[1];
    serveFleet(server, objects);
    expect(await stateOf()).toBe('Unusable');
    serveFleet(server, objects, ['secrets']);
    expect(await stateOf()).toBe('Free');
    serveFleet(server, { ...objects, secrets: [{ metadata: { namespace: 'metal', name: 'rack5-plan' } }] });
    expect(await stateOf()).toBe('Free');
  });

  it('without the right to list hosts, which is an error', async () => {
    serveFleet(server, standing, ['machineinventories']);
    const { code, complaint } = await run('get', 'hosts');
    expect(code).toBe(1);
    expect(complaint).toContain(
      'This needs the right to list machineinventories.elemental.cattle.io in namespace metal',
    );
  });
});

describe('top', () => {
  it('shows what is stuck or waits for long, oldest first, with the way out', async () => {
    const { out } = await run('top');
    expect(words(out)).toEqual([
      ['NAME', 'WHY', 'SINCE', 'WAY OUT'],
      ['machine/m-failed', 'PlanFailed', '30m', 'ironloom output m-failed'],
      ['machine/m-waits', 'PoolExhausted', '30m', 'ironloom explain pool workers'],
      ['host/rack4', 'Stranded', '-', 'ironloom quarantine rack4 -n metal --reason "…"'],
      ['pool/workers', 'Exhausted', '-', 'kubectl edit mip workers'],
    ]);
  });

  it('says so when nothing is', async () => {
    serveFleet(server, { ...standing, baremetalmachines: [], machineinventories: [], machineinventorypools: [] });
    expect((await run('top')).out).toBe('Nothing is stuck');
  });
});

describe('explain', () => {
  it('names for a waiting machine every host of its pool with the rule that rules it out', async () => {
    const { code, out } = await run('explain', 'machine', 'm-waits');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'BaremetalMachine metal/m-waits · Pending for 30m · PoolExhausted',
      'Expected  It claims a host of its pool workers',
      'Observed  No host of pool workers is free (5 hosts)',
      'Next      It is served by itself, oldest first, as soon as a host is free',
      'Way out   ironloom explain pool workers  → see which host is ruled out by what',
      '',
      'Hosts of pool workers, in its order: No host of pool workers is free (5 hosts): 1 without a MachineInventory, 1 quarantined, 3 used by a machine',
      '  rack1  is used by BaremetalMachine m-runs  → kubectl delete machine capi-m-runs -n metal',
      '  rack2  is used by BaremetalMachine m-failed  → ironloom reallocate m-failed -n metal --reason "…"',
      '  rack3  is quarantined until an operator unquarantines it  → ironloom unquarantine rack3 -n metal',
      '  rack4  is used by BaremetalMachine m-gone  → ironloom quarantine rack4 -n metal --reason "…"',
      '  rack5  has no MachineInventory  → register the host',
    ]);
  });

  it('tells of a host its owner, plan, and what frees it', async () => {
    const { out } = await run('explain', 'host', 'rack4');
    expect(out.split('\n')).toEqual([
      'MachineInventory metal/rack4 · Stranded',
      'Expected  A host is used by a machine, free for one, or kept out for a reason',
      'Observed  It is recorded for BaremetalMachine m-gone, which is gone, and no run of it is left',
      'Next      Nobody goes on with it. Be sure that no node runs there any more: the machine may live on elsewhere',
      'Way out   ironloom quarantine rack4 -n metal --reason "…"  → the record goes, and the host is cleaned; then unquarantine',
      'Pool      workers',
      'Owner     BaremetalMachine m-gone, Machine capi-m-gone, Cluster c1',
      'Plan      none is recorded',
    ]);
  });

  it('tells where hosts stand, and for which failure domain a machine waits', async () => {
    const zone = (rack: string) => ({ 'topology.kubernetes.io/zone': rack });
    const waits = standing.baremetalmachines.map((machine) =>
      machine.metadata.name === 'm-waits'
        ? { ...machine, status: { ...machine.status, awaitedFailureDomain: 'east' } }
        : machine,
    );
    const placed = [host('rack1', {}, zone('east')), host('rack5', {}, zone('west'))];
    const others = standing.machineinventories.filter(({ metadata }) => metadata.name !== 'rack1');
    const secrets = [...standing.secrets, { metadata: { namespace: 'metal', name: 'rack5-plan' } }];
    serveFleet(server, {
      ...standing,
      baremetalmachines: waits,
      machineinventories: [...others, ...placed],
      secrets,
    });
    const { out } = await run('explain', 'machine', 'm-waits');
    expect(out).toContain('No host of pool workers in failure domain east is free (1 host)');
    expect(out).toMatch(/^ {2}rack1 {2}east {2}is named by the providerID/m);
    expect(out).toMatch(/^ {2}rack5 {2}west {2}stands in failure domain west; one of east is asked for$/m);
    expect((await run('explain', 'host', 'rack5')).out).toContain('\nDomain    west\n');
    const wide = words((await run('get', 'host', 'rack5', '-o', 'wide')).out);
    expect(wide.map((line) => line.at(-1))).toEqual(['DOMAIN', 'west']);
    expect((await run('explain', 'pool', 'workers')).out).toContain('Free by failure domain: east 0 of 1, west 1 of 1');
    expect((await run('plan', 'machine', 'm-waits')).out).toContain(
      'none: No host of pool workers in failure domain east',
    );
  });

  it('tells which hosts a machine prefers', async () => {
    const wishes = { hostReuse: 'Prefer', allocationPolicy: 'Spread' };
    const labelled = (labels: object) =>
      standing.baremetalmachines.map(({ metadata, spec, ...machine }) => ({
        ...machine,
        metadata: { ...metadata, labels },
        spec: { ...spec, ...wishes },
      }));
    const explain = async (labels: object) => {
      serveFleet(server, { ...standing, baremetalmachines: labelled(labels) });
      return (await run('explain', 'machine', 'm-waits')).out;
    };
    expect(await explain({ 'cluster.x-k8s.io/deployment-name': 'md' })).toContain(
      '\nPrefers   hosts that its group used last, then the failure domain with the fewest machines of its group (MachineDeployment/md)\n',
    );
    expect(await explain({})).toContain('\nPrefers   nothing: it belongs to no group\n');
  });

  it('tells what the checks of its pool found on a host, and how they run again', async () => {
    const results = {
      checks: [
        { name: 'disk', passed: true, measured: 'nvme0n1 960 GB', message: '' },
        { name: 'links', passed: false, measured: 'eth0 no link', message: '0 of 1 links are up' },
      ],
    };
    const kept = host('rack5', {
      [annotations.pool]: 'workers',
      [annotations.allocationState]: 'Unavailable',
      [annotations.acceptance]: 'NotAccepted',
      [annotations.acceptanceSince]: '2026-07-05T03:30:00Z',
      [annotations.acceptanceResults]: JSON.stringify(results),
    });
    const secrets = [...standing.secrets, { metadata: { namespace: 'metal', name: 'rack5-plan', uid: 'secret-5' } }];
    serveFleet(server, { ...standing, machineinventories: [...standing.machineinventories, kept], secrets });
    const { out } = await run('explain', 'host', 'rack5');
    expect(out).toContain('MachineInventory metal/rack5 · Unusable');
    expect(out).toContain('Observed  It did not pass the checks of its pool: links\n');
    expect(out).toContain('Way out   ironloom validate rack5 -n metal  → when it is mended');
    expect(out).toContain(
      [
        'Checks    NotAccepted since 2026-07-05T03:30:00Z; they are to be done again',
        'Check     disk passed: nvme0n1 960 GB',
        'Check     links failed: eth0 no link; 0 of 1 links are up',
      ].join('\n'),
    );
    expect((await run('explain', 'pool', 'workers')).out).toContain(
      '  rack5  did not pass the checks of its pool: links  → ironloom validate rack5 -n metal',
    );
  });

  it('tells of a pool who waits, and each of its hosts; and of what is not there', async () => {
    const { out } = await run('explain', 'pool', 'workers');
    expect(out).toContain('0 free; 1 machine waits');
    expect(out).toContain('  rack5  has no MachineInventory');
    expect(await run('explain', 'host', 'rack5')).toMatchObject({ code: 0 });
    for (const kind of ['machine', 'host', 'pool'])
      expect(await run('explain', kind, 'nobody')).toMatchObject({ code: 1 });
  });
});

describe('plan', () => {
  const namespaced = (name: string) => ({ namespace: 'metal', name });
  const version = { 'v1.36.0': 'old.example.com/os:1' };
  const free = {
    ...standing,
    machineinventories: [...standing.machineinventories, host('rack5')],
    secrets: [...standing.secrets, { metadata: { ...namespaced('rack5-plan'), uid: 'secret-5' } }],
    machines: [{ metadata: namespaced('capi-m-waits'), spec: { clusterName: 'c1', version: 'v1.36.0' } }],
    clusters: [
      { metadata: { ...namespaced('c1'), annotations: { 'cpaas.io/registry-address': 'new.example.com' } }, spec: {} },
    ],
    configmaps: [{ metadata: namespaced('elemental-image-catalog'), data: version }],
  };

  it('shows the host, image, network and plan of a machine that waits, beside what stands there', async () => {
    const id = attemptId({ uid: 'uid-gone', planType: 'reprovision', attempt: 1, claim: 'secret-5' });
    const old = renderReprovisionPlan({
      attemptId: id,
      userData: 'token: hush',
      hostname: 'rack5',
      image: 'old.example.com/os:1',
    });
    const data = { plan: Buffer.from(old.json).toString('base64') };
    const secret = { metadata: { ...namespaced('rack5-plan'), uid: 'secret-5' }, data };
    serveFleet(server, { ...free, secrets: [...standing.secrets, secret] });
    const { code, out } = await run('plan', 'machine', 'm-waits');
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines.slice(0, 7)).toEqual([
      'BaremetalMachine metal/m-waits · Pending',
      'Host      rack5, the one that it would claim of pool workers',
      'Hostname  rack5',
      'Image     new.example.com/os:1',
      'Network   none is recorded; the image decides',
      'Took      unknown: no machine of this pool shows how long its plan took',
      `Plan      reprovision-1-uid-m-waits.secret-5, instead of ${id}:`,
    ]);
    expect(lines).toEqual(
      expect.arrayContaining(["-   image='old.example.com/os:1'", "+   image='new.example.com/os:1'"]),
    );
    expect(lines.slice(7).every((line) => /^[-+] /.test(line))).toBe(true);
    expect(out).not.toContain('hush');
    expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('says what is missing', async () => {
    serveFleet(server, { ...free, configmaps: [] });
    expect((await run('plan', 'machine', 'm-waits')).out).toContain(
      'Image     none: ConfigMap elemental-image-catalog does not exist',
    );
    serveFleet(server, standing);
    expect((await run('plan', 'machine', 'm-waits')).out).toContain(
      'Host      none: No host of pool workers is free (5 hosts)',
    );
    expect((await run('plan', 'machine', 'm-runs')).out).toContain('Host      rack1, which it has');
    expect(await run('plan', 'machine', 'nobody')).toMatchObject({ code: 1 });
  });

  it('shows which hosts the new machines of a MachineDeployment would claim', async () => {
    const infrastructureRef = { kind: 'BaremetalMachineTemplate', name: 't' };
    const machinedeployments = [
      { metadata: namespaced('md'), spec: { replicas: 3, template: { spec: { infrastructureRef } } } },
    ];
    const template = { spec: { machineInventoryPoolRef: { name: 'workers' }, hostReuse: 'Prefer' } };
    const apiVersion = 'infrastructure.cluster.x-k8s.io/v1beta1';
    const baremetalmachinetemplates = [
      { apiVersion, kind: infrastructureRef.kind, metadata: namespaced('t'), spec: { template } },
    ];
    serveFleet(server, { ...free, machinedeployments, baremetalmachinetemplates });
    const bound = machinedeployments.map(({ metadata, spec }) => {
      const template = { spec: { ...spec.template.spec, failureDomain: 'east' } };
      return { metadata: { ...metadata, name: 'east' }, spec: { ...spec, template } };
    });
    serveFleet(server, { ...free, baremetalmachines: [], machinedeployments: bound, baremetalmachinetemplates });
    expect((await run('plan', 'scale', 'east', '4')).out).toContain(
      'new machine 1 waits: No host of pool workers in failure domain east is free (0 hosts)',
    );
    serveFleet(server, { ...free, machinedeployments, baremetalmachinetemplates });
    expect((await run('plan', 'scale', 'md', '4')).out.split('\n')).toEqual([
      'MachineDeployment metal/md · 3 machines, 4 wanted, of pool workers',
      '  m-waits, which waits, claims rack5',
      '  new machine 1 waits: No host of pool workers is free (5 hosts): 1 quarantined, 4 used by a machine',
      'Took      unknown: no machine of this pool shows how long its plan took',
    ]);
    const lastGroup = { [annotations.lastGroup]: 'MachineDeployment/md' };
    const machineinventories = [host('rack1'), host('rack2', lastGroup)];
    const secrets = machineinventories.map(({ metadata: { name } }) => ({ metadata: namespaced(`${name}-plan`) }));
    const rested = { ...free, baremetalmachines: [], machineinventories, secrets };
    serveFleet(server, { ...rested, machinedeployments, baremetalmachinetemplates });
    expect((await run('plan', 'scale', 'md', '4')).out).toContain('\n  new machine 1 claims rack2\n');
    expect((await run('explain', 'host', 'rack2')).out).toContain('\nLast      MachineDeployment/md: its machines');
    serveFleet(server, { ...free, machinedeployments, baremetalmachinetemplates });
    expect((await run('plan', 'scale', 'md', '1')).out).toContain('2 machines go: Cluster API chooses which');
    expect(await run('plan', 'scale', 'md', '-1')).toMatchObject({ code: 2 });
    expect(await run('plan', 'scale', 'nobody', '1')).toMatchObject({ code: 1 });
  });
});

describe('the verbs of hosts', () => {
  const patches = () => server.requests.filter(({ method }) => method === 'PATCH');

  it('are asked for in the annotation, with who and why', async () => {
    const { code, out } = await run('quarantine', 'rack4', '--reason', 'its machine is gone');
    expect([code, out]).toEqual([0, expect.stringContaining('gets a clean plan')]);
    const asked = {
      metadata: { annotations: { 'baremetal.alauda.io/operation': 'quarantine: grace: its machine is gone' } },
    };
    expect(patches().map(({ body }) => body)).toEqual([JSON.stringify(asked)]);
    expect(patches()[0]?.url.pathname).toContain('/machineinventories/rack4');
    await run('unquarantine', 'rack3', '--wait');
    expect(patches().at(-1)?.body).toContain('"unquarantine"');
  });

  it('are refused as the bridge would, and nothing is written', async () => {
    const refused = await run('unquarantine', 'rack1');
    expect(refused).toMatchObject({ code: 1, complaint: 'refused: The host is not quarantined' });
    expect(await run('quarantine', 'rack3', '--reason', 'x')).toMatchObject({ code: 1 });
    expect(await run('quarantine', 'rack9', '--reason', 'x')).toMatchObject({
      code: 1,
      complaint: 'error: MachineInventory metal/rack9 does not exist',
    });
    expect(await run('quarantine', 'rack3')).toMatchObject({ code: 2 });
    expect(patches()).toEqual([]);
  });
});
