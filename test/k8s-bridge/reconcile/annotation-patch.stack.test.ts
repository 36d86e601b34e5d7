import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { annotations, API_GROUP, API_VERSION } from '../../../api/constants.ts';
import { baremetalMachines } from '../../../api/resources.ts';
import { applyManifest } from '../../../dev/stack/manifests.ts';
import { addAnnotation, dropAnnotations } from '../../../k8s-bridge/reconcile/annotation-patch.ts';
import { createKubeClient, isRefusal, type KubeClient } from '../../../runtime/kube/client.ts';
import { useStack } from '../../support/stack.ts';
import { waitFor } from '../../support/wait-for.ts';

const namespace = `patch-${randomUUID().slice(0, 6)}`;
const policy = `ironloom-test-${namespace}`;
let client: KubeClient;

beforeAll(async () => {
  client = createKubeClient({ kubeconfigPath: useStack().kubeconfigs.admin, userAgent: 'ironloom-test' });
  await applyManifest(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
});

afterAll(async () => {
  const key = { namespace: '', name: policy };
  await client.delete(policyResource('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'), key);
  await client.delete(policyResource('ValidatingAdmissionPolicy', 'validatingadmissionpolicies'), key);
  await client.close();
});

function policyResource(kind: string, plural: string) {
  return { ...baremetalMachines, group: 'admissionregistration.k8s.io', version: 'v1', kind, plural };
}

async function createMachine(name: string, labels: Record<string, string> = {}) {
  const notes = { [annotations.operation]: 'retry', other: 'x' };
  const spec = { machineInventoryPoolRef: { name: 'workers' } };
  const metadata = { namespace, name, labels, annotations: notes };
  return (await client.create(baremetalMachines, { metadata, spec })).metadata;
}

const readNotes = async (name: string) =>
  (await client.get(baremetalMachines, { namespace, name })).metadata.annotations;

test('an annotation goes while it has the value that was seen', async () => {
  const machine = await createMachine('drops');
  const left = await dropAnnotations(client, baremetalMachines, machine, { [annotations.operation]: 'retry' });
  expect(left?.metadata.annotations).toEqual({ other: 'x' });
});

test('an object that changed meanwhile is no refusal', async () => {
  const machine = await createMachine('changes');
  const drop = (object: typeof machine, values: Record<string, string>) =>
    dropAnnotations(client, baremetalMachines, object, values);
  expect(await drop(machine, { [annotations.operation]: 'pause' })).toBeUndefined();
  expect(await drop(machine, { [annotations.operation]: 'retry', [annotations.operationId]: 'none' })).toBeUndefined();
  expect(await drop({ ...machine, uid: 'other' }, { [annotations.operation]: 'retry' })).toBeUndefined();
  expect(await drop({ ...machine, name: 'gone' }, { [annotations.operation]: 'retry' })).toBeUndefined();
  const note = { name: annotations.operationId, value: '1' };
  const older = { ...machine, resourceVersion: '1' };
  expect(await addAnnotation(client, baremetalMachines, older, note)).toBeUndefined();
  expect(await readNotes('changes')).toEqual({ [annotations.operation]: 'retry', other: 'x' });
});

test('an annotation that does not fit any more is a refusal', async () => {
  const machine = await createMachine('full');
  const note = { name: annotations.operationId, value: 'x'.repeat(256 * 1024) };
  const refused = await addAnnotation(client, baremetalMachines, machine, note).catch((error: unknown) => error);
  expect(refused).toSatisfy(isRefusal);
});

test('the word of a policy is a refusal', async () => {
  const rule = { apiGroups: [API_GROUP], apiVersions: [API_VERSION], resources: [baremetalMachines.plural] };
  const expression = "!has(object.metadata.labels) || !('locked' in object.metadata.labels)";
  await applyManifest(client, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: policy },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: [{ ...rule, operations: ['UPDATE'] }] },
      validations: [{ expression, message: 'locked machines stay as they are' }],
    },
  });
  await applyManifest(client, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: policy },
    spec: {
      policyName: policy,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
    },
  });
  const machine = await createMachine('locked', { locked: 'yes' });
  const poke = () => client.patch(baremetalMachines, machine, { metadata: { labels: { poked: 'yes' } } });
  await waitFor('the policy is in force', () =>
    poke().then(
      () => false,
      (error: unknown) => isRefusal(error),
    ),
  );
  const values = { [annotations.operation]: 'retry' };
  const refused = await dropAnnotations(client, baremetalMachines, machine, values).catch((error: unknown) => error);
  expect(refused).toSatisfy(isRefusal);
  expect(String(refused)).toContain('locked machines stay as they are');
});
