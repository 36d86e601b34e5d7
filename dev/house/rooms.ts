import { processRooms } from './process-rooms.ts';
import { productRooms } from './product-rooms.ts';
import type { Room } from './room.ts';
import { workshopRooms } from './workshop-rooms.ts';

/** Every folder with TypeScript. The linter's rules, the folders' READMEs and CONTRIBUTING's layout come from here. */
export const rooms: readonly Room[] = [...productRooms, ...processRooms, ...workshopRooms];
