import { boundText, MAX_NAME } from './bounded-text.ts';

/** Controllers of Cluster API have a dozen conditions at most; who writes more is not heard. */
const MAX_CONDITIONS = 50;
const MAX_WORDS = 240;

/**
 * What a condition that is not True says, in one line: its message, else its reason. Undefined: it is True, there is none,
 * or what stands there is no condition: other people's status is only shown, and nothing depends on it.
 */
export function wordsOf(conditions: unknown, type: string): string | undefined {
  const found = findCondition(conditions, type);
  if (found === undefined || textAt(found, 'status') === 'True') return undefined;
  const message = oneLine(textAt(found, 'message'));
  const words = message === '' ? oneLine(textAt(found, 'reason')) : message;
  return words === '' ? undefined : boundText(words, MAX_WORDS);
}

/** Whether a condition is there and False. */
export function isFalse(conditions: unknown, type: string): boolean {
  return textAt(findCondition(conditions, type), 'status') === 'False';
}

function findCondition(conditions: unknown, type: string): unknown {
  if (!Array.isArray(conditions)) return undefined;
  const all: readonly unknown[] = conditions;
  return all.slice(0, MAX_CONDITIONS).find((condition) => textAt(condition, 'type') === type);
}

/** Kind and name of an object that somebody refers to. */
export function nameOfReferent(reference: unknown): string | undefined {
  const [kind, name] = [textAt(reference, 'kind'), textAt(reference, 'name')].map(oneLine);
  return kind === undefined || name === undefined || kind === '' || name === ''
    ? undefined
    : `${boundText(kind, MAX_NAME)} ${boundText(name, MAX_NAME)}`;
}

/** Cluster API makes lists of what is wrong, one a line; control characters are nobody's words. */
function oneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*\*\s*/, '').trim())
    .filter((line) => line !== '')
    .join('; ')
    .replaceAll(/\p{C}+/gu, ' ');
}

function textAt(value: unknown, key: string): string {
  const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  // Nobody reads more, and to look at all of it would take time.
  return typeof text === 'string' ? text.slice(0, 4 * MAX_WORDS) : '';
}
