import type { IncomingMessage, ServerResponse } from 'node:http';

/** Watches that stay open and bring nothing: what a connection does whose other end is gone without a word. */
export interface WatchStalls {
  /** The watches of this kind, also those to come, bring nothing until `resume`. */
  stall(resource: string): void;
  /** All watches bring what they have held back. */
  resume(): void;
  /** Passes a watch on. */
  pass(resource: string, answer: IncomingMessage, outgoing: ServerResponse): void;
}

export function createWatchStalls(): WatchStalls {
  const stalled = new Set<string>();
  const open = new Set<() => void>();
  return {
    stall: (resource) => stalled.add(resource),
    resume() {
      stalled.clear();
      for (const flush of open) flush();
    },
    pass(resource, answer, outgoing) {
      const held: Buffer[] = [];
      let ended = false;
      const flush = (): void => {
        if (stalled.has(resource)) return;
        for (const chunk of held.splice(0)) outgoing.write(chunk);
        if (ended) outgoing.end();
      };
      open.add(flush);
      outgoing.on('close', () => open.delete(flush));
      answer.on('data', (chunk: Buffer) => {
        held.push(chunk);
        flush();
      });
      answer.on('end', () => {
        ended = true;
        flush();
      });
    },
  };
}

export function isWatch(url: string): boolean {
  return /[?&]watch=(?:true|1)(?:&|$)/.test(url);
}
