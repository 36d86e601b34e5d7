import { Connection } from '@temporalio/client';
import { expect } from 'vitest';
import { searchAttributeNames } from '../../api/constants.ts';
import { MISTAKEN_TYPE, registerMistypedNamespace } from '../support/mistyped-namespace.ts';
import { type FileHooks, siteTestOn } from '../support/site-test.ts';
import { useStack } from '../support/stack.ts';

const TEMPORAL_NAMESPACE = 'mistyped';
const test = siteTestOn(openMistyped, 'mistyped', { hosts: ['sa1'], replicas: 1 });

async function openMistyped({ onCleanup }: FileHooks) {
  const { temporal, ...cluster } = useStack();
  await registerMistypedNamespace(temporal.address, TEMPORAL_NAMESPACE);
  const connection = await Connection.connect({ address: temporal.address });
  onCleanup(() => connection.close());
  const { operatorService: operators } = connection;
  return { ...cluster, temporal: { ...temporal, namespace: TEMPORAL_NAMESPACE }, operators };
}

test('the others are registered', async ({ cluster: { operators } }) => {
  const { customAttributes } = await operators.listSearchAttributes({ namespace: TEMPORAL_NAMESPACE });
  expect(Object.keys(customAttributes).toSorted()).toEqual(Object.values(searchAttributeNames).toSorted());
  expect(customAttributes[searchAttributeNames.pool]).toBe(MISTAKEN_TYPE);
});

test('machines run all the same', async ({ site }) => {
  await site.deploy();
  await site.untilRunning(1);
});
