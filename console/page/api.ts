import type { MapChange } from '../../domain/report/fleet/fleet-map.ts';
import { parseAnswer } from './answer.ts';

/** The console's answer to a request that it did not grant. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface WholeFleet extends MapChange {
  /** From where events go on. */
  position: string;
}

const TOKEN_KEY = 'ironloom-token';

/** Kept for this tab, until it is closed; sent in a header only. */
export const token = {
  get: (): string => sessionStorage.getItem(TOKEN_KEY) ?? '',
  set: (value: string): void => sessionStorage.setItem(TOKEN_KEY, value),
  clear: (): void => sessionStorage.removeItem(TOKEN_KEY),
};

/** @throws Refusal, or TypeError when the console cannot be reached */
async function get(path: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  const bearer = token.get();
  const response = await fetch(path, {
    headers: { ...headers, ...(bearer !== '' && { authorization: `Bearer ${bearer}` }) },
    cache: 'no-store',
    ...(signal !== undefined && { signal }),
  });
  if (response.ok) return response;
  const answer: unknown = await response.json().catch(() => undefined);
  const told = typeof answer === 'object' && answer !== null && 'error' in answer ? String(answer.error) : '';
  throw new Refusal(response.status, told || response.statusText);
}

/** @throws Refusal, or TypeError when the console cannot be reached */
export async function getJson<T extends object>(path: string, signal?: AbortSignal): Promise<T> {
  return parseAnswer<T>(await (await get(path, {}, signal)).text());
}

interface ServerEvent {
  event: string;
  id: string;
  data: string;
}

/** Server-sent events from a position on. EventSource could not send the token. Ends when the console ends it. */
export async function* readEvents(position: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const response = await get('/api/events', { 'last-event-id': position, accept: 'text/event-stream' }, signal);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) yield parseEvent(block);
  }
}

function parseEvent(block: string): ServerEvent {
  const found: ServerEvent = { event: '', id: '', data: '' };
  for (const line of block.split('\n')) {
    const match = /^(event|id|data): ?(.*)$/.exec(line);
    if (match?.[1] === 'event') found.event = match[2] ?? '';
    if (match?.[1] === 'id') found.id = match[2] ?? '';
    if (match?.[1] === 'data') found.data += match[2] ?? '';
  }
  return found;
}
