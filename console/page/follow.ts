import type { MapChange } from '../../domain/report/fleet/fleet-map.ts';
import { parseAnswer } from './answer.ts';
import { getJson, readEvents, Refusal, type WholeFleet } from './api.ts';
import { firstFleet } from './early.ts';

/** What the page does about the news. */
export interface Follower {
  onWhole(fleet: MapChange): void;
  onChange(change: MapChange): void;
  /** The console wants another token. */
  onRefused(message: string): void;
  /** In words; `live` when all is well. */
  onLink(state: 'live' | 'waiting', words: string): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

let early: Promise<WholeFleet> | undefined = firstFleet;

function askForWhole(): Promise<WholeFleet> {
  const asked = early ?? getJson<WholeFleet>('/api/fleet');
  early = undefined;
  return asked;
}

/** Follows the fleet for as long as nobody is refused: a whole picture, then each change, and again after whatever breaks. */
export async function followFleet(follower: Follower): Promise<void> {
  let position = '';
  let waitMs = FIRST_WAIT_MS;
  for (;;) {
    try {
      position = await followOnce(position, follower);
      waitMs = FIRST_WAIT_MS;
      // Told to begin anew, it does so at once.
      if (position === '') continue;
      follower.onLink('waiting', 'connecting again');
    } catch (error) {
      if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
        return follower.onRefused(error.message);
      }
      follower.onLink('waiting', error instanceof Refusal ? error.message : 'the console does not answer');
    }
    await pause(waitMs);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

/** @returns from where to go on; '': from a whole picture */
async function followOnce(from: string, follower: Follower): Promise<string> {
  let position = from;
  if (position === '') {
    const fleet = await askForWhole();
    position = fleet.position;
    follower.onWhole(fleet);
  }
  const ending = new AbortController();
  try {
    for await (const { event, id, data } of readEvents(position, ending.signal)) {
      follower.onLink('live', 'live');
      if (event === 'reset') return '';
      if (event !== 'change') continue;
      follower.onChange(parseAnswer<MapChange>(data));
      position = id;
    }
    return position;
  } finally {
    ending.abort();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
