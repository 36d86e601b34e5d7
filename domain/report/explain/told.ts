import type { ObjectKey } from '../../../api/meta.ts';
import { describeWay, type Explanation, type Way } from './way.ts';

/** A way out, as it is shown. */
export interface ToldWay {
  /** What is typed or done. */
  text: string;
  leads: string;
  /** It is a command whole in itself, which a shell takes for nothing but what it looks like. */
  typable: boolean;
}

/** An explanation in words alone. */
export interface Told {
  state: string;
  stuck: boolean;
  expected: string;
  observed: string;
  next: string;
  ways: ToldWay[];
}

/** Puts an explanation of `key` into words, with its ways out as commands. */
export function tellExplanation(explained: Explanation, key: ObjectKey): Told {
  const { state, stuck, expected, observed, next, ways } = explained;
  return { state, stuck, expected, observed, next, ways: ways.map((way) => tellWay(way, key)) };
}

function tellWay(way: Way, key: ObjectKey): ToldWay {
  const text = describeWay(way, key);
  return { text, leads: way.leads, typable: isTypable(text) };
}

/** Names come from annotations that others may write: a text with a character that means something to a shell is not one to paste. */
function isTypable(text: string): boolean {
  return /^(?:ironloom|kubectl) [\w ./:="…-]+$/.test(text);
}
