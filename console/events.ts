import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MapChange } from '../domain/report/fleet/fleet-map.ts';
import { type Access, isDenial, type Viewer } from './access.ts';
import type { FleetSight } from './fleet-sight.ts';
import { type EventStream, formatPosition, openEventStream, parsePosition, selectChange } from './viewer-stream.ts';

export interface EventsOptions {
  sight: FleetSight;
  access: Access;
  /** Names this process: versions of another one mean nothing here. */
  instance: string;
  /** How often rights are looked at again, and a sign of life is given. */
  beatMs: number;
}

/**
 * Tells a viewer each change from where it stands (`Last-Event-ID`). `reset`: it is to ask for the whole picture again. The
 * stream ends when the viewer goes, or is not let in any more.
 */
export async function streamEvents(
  { sight, access, instance, beatMs }: EventsOptions,
  viewer: Viewer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { map } = sight;
  let namespaces = await viewer.namespaces(map.namespaces());
  const stream = openEventStream(response);
  const at = parsePosition(request.headers['last-event-id']);
  const missed = at?.instance === instance ? map.since(at.version) : undefined;
  const tell = (change: MapChange): void => {
    const seen = selectChange(change, namespaces);
    const position = formatPosition({ instance, version: change.version });
    if (hasContent(seen)) stream.send('change', seen, position);
    if (bringsNamespace(change, namespaces)) void recheck();
  };
  const recheck = async (): Promise<void> => {
    const now = await lookAgain(access, request, map.namespaces());
    if (now === undefined) return stream.end();
    if (!isSame(now, namespaces)) restart(stream);
    namespaces = now;
  };
  if (missed === undefined) restart(stream);
  else tell(missed);
  const stopListening = sight.onChange(tell);
  const timer = setInterval(() => {
    stream.beat();
    void recheck();
  }, beatMs).unref();
  response.on('close', () => {
    stopListening();
    clearInterval(timer);
  });
}

function restart(stream: EventStream): void {
  stream.send('reset', {});
}

async function lookAgain(access: Access, { headers }: IncomingMessage, known: ReadonlySet<string>) {
  const viewer = await access(headers);
  return isDenial(viewer) ? undefined : viewer.namespaces(known);
}

function hasContent({ cells, rows, goneCells, goneRows }: MapChange): boolean {
  return cells.length + rows.length + goneCells.length + goneRows.length > 0;
}

/** Nobody has asked yet whether the viewer may see it. */
function bringsNamespace({ cells, rows }: MapChange, namespaces: ReadonlySet<string>): boolean {
  return [...cells, ...rows].some(({ namespace }) => !namespaces.has(namespace));
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name));
}
