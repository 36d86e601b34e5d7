import proto from '@temporalio/proto';
import { CALL_TIMEOUT_MS, grpcCodes, hasGrpcCode, rootMessage, type TemporalConnection } from './connection.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;
const KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/** How the search attributes of a namespace stand. */
export interface SearchAttributes {
  /** Those that a run may carry: all that are there with type Keyword, or that may be, where we may not ask. */
  usable: ReadonlySet<string>;
  added: string[];
  /** Which ones runs go without, why, and what somebody with the rights must run. undefined: none. */
  problem: string | undefined;
}

/**
 * Sees to it that the namespace has these search attributes of type Keyword; one that cannot be had does not keep the
 * others away. Safe to call again and by several processes at once. Lack of rights is no problem as long as all exist.
 * @throws when Temporal does not answer
 */
export async function ensureSearchAttributes(
  connection: TemporalConnection,
  namespace: string,
  names: readonly string[],
): Promise<SearchAttributes> {
  const call = <R>(run: () => Promise<R>) => connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, run);
  const listed = await call(() => connection.operatorService.listSearchAttributes({ namespace })).catch(refusalOf);
  if (listed instanceof Error) {
    const problem = `${rootMessage(listed)}; if they are missing, ${toRegister(namespace, names)}`;
    return { usable: new Set(names), added: [], problem };
  }
  const existing = listed.customAttributes ?? {};
  const usable = new Set(names.filter((name) => existing[name] === KEYWORD));
  const added: string[] = [];
  const problems = names.flatMap((name) => describeWrongType(namespace, name, existing[name]));
  for (const name of names.filter((each) => existing[each] === undefined)) {
    const searchAttributes = { [name]: KEYWORD };
    const answer = await call(() =>
      connection.operatorService.addSearchAttributes({ namespace, searchAttributes }),
    ).catch((error: unknown) => (hasGrpcCode(error, grpcCodes.alreadyExists) ? undefined : refusalOf(error)));
    if (answer instanceof Error) {
      problems.push(`${name}: ${rootMessage(answer)}; ${toRegister(namespace, [name])}`);
      continue;
    }
    usable.add(name);
    added.push(name);
  }
  return { usable, added, problem: problems.length === 0 ? undefined : problems.join('. ') };
}

function describeWrongType(namespace: string, name: string, type: number | undefined): string[] {
  if (type === undefined || type === KEYWORD) return [];
  const typeName = (IndexedValueType[type] ?? String(type)).replace('INDEXED_VALUE_TYPE_', '');
  const remove = `temporal operator search-attribute remove --namespace ${namespace} --name ${name} --yes`;
  return [`${name}: of type ${typeName}, not Keyword; ${toRegister(namespace, [name], `${remove} && `)}`];
}

/** What to do about search attributes that are missing, for the end of a sentence. */
export function toRegister(namespace: string, names: readonly string[], before = ''): string {
  const flags = names.map((name) => `--name ${name} --type Keyword`).join(' ');
  const command = `${before}temporal operator search-attribute create --namespace ${namespace} ${flags}`;
  return `somebody with the right to do so must run: ${command}`;
}

/** The error when the server will not do it, now or later. @throws every other error */
function refusalOf(error: unknown): Error {
  const { permissionDenied, unauthenticated, unimplemented, invalidArgument, failedPrecondition } = grpcCodes;
  const refused = [permissionDenied, unauthenticated, unimplemented, invalidArgument, failedPrecondition];
  if (error instanceof Error && refused.some((code) => hasGrpcCode(error, code))) return error;
  throw error;
}
