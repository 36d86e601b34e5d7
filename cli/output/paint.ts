import { styleText } from 'node:util';
import type { CliWorld } from '../world/cli-world.ts';
import type { GlobalOptions } from '../world/global-options.ts';

/** How bad something is, as a colour says it. */
export type Tone = 'well' | 'busy' | 'stuck' | 'head';

const formats = { well: 'green', busy: 'yellow', stuck: 'red', head: 'bold' } as const;

export type Paint = (tone: Tone, text: string) => string;

/** Colours for a person at a terminal who has not said no to them. */
export function createPaint({ isTerminal }: CliWorld, { color }: GlobalOptions): Paint {
  const wanted = isTerminal && color && !process.env['NO_COLOR'];
  return (tone, text) => (wanted ? styleText(formats[tone], text, { validateStream: false }) : text);
}
