/** Modules from outside of the repository that a room does without. */
export interface Ban {
  modules: readonly string[];
  /** Exports that may be imported all the same. */
  exceptNames?: readonly string[];
  why: string;
}

/** A folder with TypeScript of its own; a wing of another room is a room, too. */
export interface Room {
  path: string;
  holds: string;
  /** Rooms, or single files of rooms. */
  mayImport: readonly string[];
  /** Rooms of which only types may be imported. */
  mayImportTypesOf?: readonly string[];
  bans?: readonly Ban[];
  /** The folders below belong to the room, and it may import everything. */
  open?: true;
}

/** The room that a folder belongs to. */
export function findRoom(rooms: readonly Room[], folder: string): Room | undefined {
  return (
    rooms.find((room) => room.path === folder) ??
    rooms.find((room) => room.open === true && folder.startsWith(`${room.path}/`))
  );
}
