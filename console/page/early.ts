import { getJson, type WholeFleet } from './api.ts';

/** The first picture, asked for while the other modules of the page are on their way. */
export const firstFleet = getJson<WholeFleet>('/api/fleet');
// Whoever takes it is told why there is none.
firstFleet.catch(() => undefined);
