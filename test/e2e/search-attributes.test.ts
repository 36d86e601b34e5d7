import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchAttributeNames } from '../../api/constants.ts';
import { MISTAKEN_TYPE, registerMistypedNamespace } from '../support/mistyped-namespace.ts';
import { type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';

const TEMPORAL_NAMESPACE = 'mistyped';
let site: Site;
let connection: Connection;

beforeAll(async () => {
  const { temporal, ...cluster } = useStack();
  connection = await Connection.connect({ address: temporal.address });
  await registerMistypedNamespace(temporal.address, TEMPORAL_NAMESPACE);
  site = await startSite('mistyped', {
    hosts: ['sa1'],
    replicas: 1,
    cluster: { ...cluster, temporal: { ...temporal, namespace: TEMPORAL_NAMESPACE } },
  });
});

afterAll(async () => {
  await site.close();
  await connection.close();
});

test('the others are registered', async () => {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: TEMPORAL_NAMESPACE });
  expect(Object.keys(customAttributes).toSorted()).toEqual(Object.values(searchAttributeNames).toSorted());
  expect(customAttributes[searchAttributeNames.pool]).toBe(MISTAKEN_TYPE);
});

test('machines run all the same', async () => {
  await site.deploy();
  await site.untilRunning(1);
});
