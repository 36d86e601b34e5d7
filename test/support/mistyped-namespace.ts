import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { searchAttributeNames } from '../../api/constants.ts';
import { waitFor } from './wait-for.ts';

/** Int, as the server numbers them. */
export const MISTAKEN_TYPE = 3;

/**
 * Makes a Temporal namespace that somebody prepared by hand, with two of our search attributes of another type, one of each
 * who sets them: for our processes they are missing.
 */
export async function registerMistypedNamespace(address: string, namespace: string): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const connection = await Connection.connect({ address });
  opened.defer(() => connection.close());
  const workflowExecutionRetentionPeriod = msToTs('1 day');
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  const searchAttributes = { [searchAttributeNames.pool]: MISTAKEN_TYPE, [searchAttributeNames.phase]: MISTAKEN_TYPE };
  await waitFor('the namespace takes a search attribute', async () => {
    const adding = connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return adding.then(
      () => true,
      () => false,
    );
  });
}
