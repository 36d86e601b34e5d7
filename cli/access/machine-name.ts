import { Argument, InvalidArgumentError } from 'commander';
import type { ObjectKey } from '../../api/meta.ts';
import { parseMachineWorkflowId } from '../../domain/life/run-id.ts';
import { UsageError } from '../world/failures.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import type { MaybeKube } from './kube-access.ts';

const pattern = /^(?:([a-z0-9.-]+)\/)?([a-z0-9.-]+)$/;

/** The machine that a command is about, checked before anybody is asked. */
export function machineArgument(): Argument {
  return new Argument('<machine>', 'the BaremetalMachine, or the workflow id of its run').argParser((text: string) => {
    const known = parseMachineWorkflowId(text) !== undefined || pattern.test(text);
    if (!known) throw new InvalidArgumentError('It is no name of a BaremetalMachine.');
    return text;
  });
}

/** The object of that kind that a command is about. */
export function nameArgument(kind: string): Argument {
  return new Argument('<name>', `name of the ${kind}`).argParser((text: string) => {
    if (!pattern.test(text)) throw new InvalidArgumentError(`It is no name of a ${kind}.`);
    return text;
  });
}

/** One of what is listed; all of it without. */
export function optionalName(): Argument {
  return new Argument('[name]', 'only this one').argParser((text: string) => {
    if (!pattern.test(text)) throw new InvalidArgumentError('It is no name.');
    return text;
  });
}

/**
 * The object that is meant by `name`, `namespace/name` or the workflow id of its run, in the namespace of the option, else of the kubeconfig.
 * @throws UsageError when two namespaces are given
 */
export function keyOf(text: string, { namespace }: GlobalOptions, { kube }: Pick<MaybeKube, 'kube'>): ObjectKey {
  const ref = parseMachineWorkflowId(text);
  if (ref !== undefined) return { namespace: ref.namespace, name: ref.name };
  const [, prefix, name = ''] = pattern.exec(text) ?? [];
  if (prefix !== undefined && namespace !== undefined && prefix !== namespace) {
    throw new UsageError(`'${text}' is not in namespace ${namespace}`);
  }
  return { namespace: prefix ?? namespace ?? kube?.namespace ?? 'default', name };
}
