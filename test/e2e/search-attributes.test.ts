import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchAttributeNames } from '../../api/constants.ts';
import { type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

// A Temporal namespace that somebody prepared by hand, with two of our search attributes of another type, one of each who sets them.
const INT = 3;
const TEMPORAL_NAMESPACE = 'mistyped';
let site: Site;
let connection: Connection;

beforeAll(async () => {
  const { temporal, ...cluster } = useStack();
  connection = await Connection.connect({ address: temporal.address });
  const namespace = TEMPORAL_NAMESPACE;
  const workflowExecutionRetentionPeriod = msToTs('1 day');
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  const searchAttributes = { [searchAttributeNames.pool]: INT, [searchAttributeNames.phase]: INT };
  await waitFor('the namespace takes a search attribute', async () => {
    const adding = connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return adding.then(
      () => true,
      () => false,
    );
  });
  site = await startSite('mistyped', {
    hosts: ['sa1'],
    replicas: 1,
    cluster: { ...cluster, temporal: { ...temporal, namespace } },
  });
});

afterAll(async () => {
  await site.close();
  await connection.close();
});

test('the others are registered', async () => {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: TEMPORAL_NAMESPACE });
  expect(Object.keys(customAttributes).toSorted()).toEqual(Object.values(searchAttributeNames).toSorted());
  expect(customAttributes[searchAttributeNames.pool]).toBe(INT);
});

test('machines run all the same', async () => {
  await site.deploy();
  await site.untilRunning(1);
});
