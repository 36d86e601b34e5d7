import { parseArgs } from 'node:util';

/** The flags that Cluster API's contract wants of a provider, each with the variable that it goes before. */
const variables = { namespace: 'IRONLOOM_WATCH_NAMESPACE' } as const;

/**
 * Variables that are given as flags (`--namespace=lab`). An empty one unsets its variable.
 * @throws TypeError that says what is wrong with an argument
 */
export function readFlags(args: readonly string[]): Record<string, string> {
  const { values } = parseArgs({ args: [...args], options: { namespace: { type: 'string' } } });
  return values.namespace === undefined ? {} : { [variables.namespace]: values.namespace };
}
