import type { ServerResponse } from 'node:http';
import type { MapChange } from '../domain/report/fleet/fleet-map.ts';

/** What a viewer of some namespaces sees of a change. */
export function selectChange(change: MapChange, namespaces: ReadonlySet<string>): MapChange {
  const isSeen = ({ namespace }: { namespace: string }): boolean => namespaces.has(namespace);
  return {
    version: change.version,
    cells: change.cells.filter(isSeen),
    rows: change.rows.filter(isSeen),
    goneCells: change.goneCells.filter(isSeen),
    goneRows: change.goneRows.filter(isSeen),
  };
}

/** Where a viewer stands: which console told it, and which version. */
export interface Position {
  instance: string;
  version: number;
}

export function formatPosition({ instance, version }: Position): string {
  return `${instance}.${version}`;
}

/** @returns undefined for what is no position */
export function parsePosition(text: string | string[] | undefined): Position | undefined {
  const match = typeof text === 'string' ? /^([\w-]{1,64})\.(\d{1,15})$/.exec(text) : null;
  return match?.[1] === undefined ? undefined : { instance: match[1], version: Number(match[2]) };
}

/** A viewer that takes this little is cut off; it comes back, and is told what it lacks. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

/** Server-sent events to one viewer. */
export interface EventStream {
  /** `position`: from where the viewer goes on when it comes back. */
  send(event: 'change' | 'reset', data: unknown, position?: string): void;
  /** Keeps what stands between from ending a silent connection. */
  beat(): void;
  end(): void;
}

export function openEventStream(response: ServerResponse): EventStream {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // nginx would keep the events.
    'x-accel-buffering': 'no',
  });
  const write = (text: string): void => {
    if (response.destroyed) return;
    response.write(text);
    if (response.writableLength > MAX_UNSENT_BYTES) response.destroy();
  };
  write(': here\n\n');
  return {
    send(event, data, position) {
      const id = position === undefined ? '' : `id: ${position}\n`;
      write(`${id}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    beat: () => write(':\n\n'),
    end: () => void response.end(),
  };
}
