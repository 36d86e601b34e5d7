import { setTimeout as sleep } from 'node:timers/promises';
import { createEvidenceSource } from './evidence-source.ts';
import type { Fact } from './facts.ts';
import { describeExports } from './journal.ts';
import { proveFacts } from './prove-facts.ts';
import type { Screen } from './screen.ts';
import { type DemoStage, startStage, temporalRunsUrl, temporalViews } from './stage.ts';
import { story } from './story.ts';
import { checkPast, tellPast } from './tell-past.ts';
import { describeTransition } from './transition.ts';

export interface DemoOptions {
  screen: Screen;
  /** The screen shows tables: single transitions are not told in lines. */
  hasTables: boolean;
  /** Ends after the story instead of staying up. */
  once: boolean;
  /** Between the end of a chapter and the next one. */
  pauseMs: number;
  /** Its abort ends the demo at any moment. */
  signal: AbortSignal;
}

const CHAPTER_TIMEOUT_MS = 180_000;

/**
 * Starts everything, tells the story, and takes everything down again, however it ends.
 * @returns the facts that did not hold
 * @throws the signal's reason, or what went wrong
 */
export async function runDemo(options: DemoOptions): Promise<Fact[]> {
  const { screen } = options;
  const broken = new AbortController();
  const signal = AbortSignal.any([options.signal, broken.signal]);
  await using closing = new AsyncDisposableStack();
  try {
    const say = (line: string): void => screen.say(line);
    const stage = await startStage({ closing, signal, say, onBroken: (error) => broken.abort(error) });
    return await tellStory(stage, { ...options, signal });
  } finally {
    screen.close();
    screen.say('Stopping everything …');
  }
}

async function tellStory(stage: DemoStage, { screen, hasTables, once, pauseMs, signal }: DemoOptions): Promise<Fact[]> {
  const failed: Fact[] = [];
  const source = createEvidenceSource(stage);
  let chapterTitle = '';
  showStage(screen, stage, hasTables, () => chapterTitle);
  for (const [index, { title, act, facts }] of story.entries()) {
    chapterTitle = `Chapter ${index + 1} of ${story.length}: ${title}`;
    screen.say(`\n${chapterTitle}`);
    await act(stage);
    const checked = await proveFacts(source, { facts, timeoutMs: CHAPTER_TIMEOUT_MS, signal });
    for (const fact of checked) screen.say(describeFact(fact));
    failed.push(...checked.filter(({ holds }) => !holds));
    if (once && failed.length > 0) return failed;
    await rest(pauseMs, signal);
  }
  failed.push(...(await showPast(screen, stage, signal)));
  if (once) return failed;
  chapterTitle = 'The story is told and everything stays up: look around. Ctrl-C ends it.';
  screen.say(`\n${chapterTitle}`);
  for (const view of ['In the Temporal UI, to keep as saved views:', ...temporalViews(stage.cluster)]) screen.say(view);
  for (;;) await rest(60_000, signal);
}

/** @returns the facts that did not hold */
async function showPast(screen: Screen, stage: DemoStage, signal: AbortSignal): Promise<Fact[]> {
  if (stage.journal === undefined) return [];
  const past = await tellPast(stage, stage.journal, signal);
  const fact = checkPast(past);
  for (const line of [`\n$ ${past.command}`, ...past.lines, describeFact(fact)]) screen.say(line);
  return fact.holds ? [] : [fact];
}

function showStage(
  screen: Screen,
  { cluster, watch, mapUrl, journal }: DemoStage,
  hasTables: boolean,
  title: () => string,
): void {
  const links = [
    `Fleet map:    ${mapUrl}`,
    `Temporal UI:  ${temporalRunsUrl(cluster)}`,
    `Look around:  export KUBECONFIG=${cluster.kubeconfigs.admin}`,
    ...describeExports(journal).map((line) => `              ${line}`),
  ];
  if (hasTables) {
    screen.show({ view: () => watch.view(), footer: () => [title(), ...links].join('\n') });
    watch.onChange(() => screen.refresh());
    return;
  }
  for (const link of links) screen.say(link);
  watch.onTransition((transition) => screen.say(describeTransition(transition)));
}

/** One line, and what was seen instead when the fact does not hold. */
export function describeFact({ name, holds, seen }: Fact): string {
  return holds ? `  ✓ ${name}` : `  ✗ ${name}; seen: ${seen}`;
}

/** @throws the signal's reason */
async function rest(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
