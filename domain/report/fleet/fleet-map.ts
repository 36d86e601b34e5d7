import type { ObjectKey } from '../../../api/meta.ts';
import { keyText } from '../../pool/indexes.ts';
import { type FleetCell, sameCell } from './fleet-cell.ts';

/** A pool, as a row of the map. */
export interface FleetRow extends ObjectKey {
  cluster: string;
  /** Machines that wait for a host of it. */
  waiting: number;
  /** Why not all of its hosts can serve, by its own status; '' where all is well. */
  reason: string;
}

/** What changed since a version. */
export interface MapChange {
  version: number;
  cells: FleetCell[];
  rows: FleetRow[];
  goneCells: ObjectKey[];
  goneRows: ObjectKey[];
}

/** How a host or a pool looks now; undefined: it is not there. */
export interface MapSources {
  cell(key: ObjectKey): FleetCell | undefined;
  row(key: ObjectKey): FleetRow | undefined;
}

/** This many departures are remembered for those who were away. */
const MAX_GONE = 10_000;

/**
 * The map of a fleet, kept up to date: what may have changed is touched, and looked at once when the next version is made.
 * A change of one host costs one cell.
 */
export class FleetMap {
  readonly #sources: MapSources;
  readonly #cells = new Layer<FleetCell>(sameCell);
  readonly #rows = new Layer<FleetRow>(sameRow);
  #version = 0;

  constructor(sources: MapSources) {
    this.#sources = sources;
  }

  get version(): number {
    return this.#version;
  }

  touchHost(key: ObjectKey): void {
    this.#cells.touched.set(keyText(key), key);
  }

  touchPool(key: ObjectKey): void {
    this.#rows.touched.set(keyText(key), key);
  }

  /** Looks at what was touched. undefined: it all looks as before. */
  advance(): MapChange | undefined {
    const next = this.#version + 1;
    const cells = this.#cells.advance(next, (key) => this.#sources.cell(key));
    const rows = this.#rows.advance(next, (key) => this.#sources.row(key));
    if (cells.shown.length + cells.gone.length + rows.shown.length + rows.gone.length === 0) return undefined;
    this.#version = next;
    return { version: next, cells: cells.shown, rows: rows.shown, goneCells: cells.gone, goneRows: rows.gone };
  }

  /** What a viewer of `version` lacks; undefined: too much has gone since, it begins anew. */
  since(version: number): MapChange | undefined {
    const cells = this.#cells.since(version);
    const rows = this.#rows.since(version);
    if (version > this.#version || cells === undefined || rows === undefined) return undefined;
    return { version: this.#version, cells: cells.shown, rows: rows.shown, goneCells: cells.gone, goneRows: rows.gone };
  }

  /** All that there is. */
  whole(): MapChange {
    const { version } = this;
    return { version, cells: this.#cells.all(), rows: this.#rows.all(), goneCells: [], goneRows: [] };
  }

  cell(key: ObjectKey): FleetCell | undefined {
    return this.#cells.get(key);
  }

  namespaces(): Set<string> {
    return new Set([...this.#cells.all(), ...this.#rows.all()].map(({ namespace }) => namespace));
  }
}

interface Difference<T> {
  shown: T[];
  gone: ObjectKey[];
}

/** Things of one kind, each with the version that it last changed in. */
class Layer<T extends ObjectKey> {
  readonly touched = new Map<string, ObjectKey>();
  readonly #items = new Map<string, { item: T; version: number }>();
  readonly #gone = new Map<string, { key: ObjectKey; version: number }>();
  readonly #isSame: (a: T, b: T) => boolean;
  /** Departures up to this version are forgotten. */
  #forgotten = 0;

  constructor(isSame: (a: T, b: T) => boolean) {
    this.#isSame = isSame;
  }

  advance(version: number, look: (key: ObjectKey) => T | undefined): Difference<T> {
    const difference: Difference<T> = { shown: [], gone: [] };
    for (const [text, key] of this.touched) {
      const before = this.#items.get(text)?.item;
      const item = look(key);
      if (item === undefined) {
        if (this.#items.delete(text)) difference.gone.push(this.#remember(text, key, version));
      } else if (before === undefined || !this.#isSame(before, item)) {
        this.#items.set(text, { item, version });
        this.#gone.delete(text);
        difference.shown.push(item);
      }
    }
    this.touched.clear();
    return difference;
  }

  since(version: number): Difference<T> | undefined {
    if (version < this.#forgotten) return undefined;
    const isLater = (entry: { version: number }): boolean => entry.version > version;
    return {
      shown: [...this.#items.values()].filter(isLater).map(({ item }) => item),
      gone: [...this.#gone.values()].filter(isLater).map(({ key }) => key),
    };
  }

  all(): T[] {
    return Array.from(this.#items.values(), ({ item }) => item);
  }

  get(key: ObjectKey): T | undefined {
    return this.#items.get(keyText(key))?.item;
  }

  #remember(text: string, key: ObjectKey, version: number): ObjectKey {
    this.#gone.delete(text);
    this.#gone.set(text, { key, version });
    if (this.#gone.size > MAX_GONE) {
      const [oldest] = this.#gone;
      if (oldest !== undefined) {
        this.#gone.delete(oldest[0]);
        this.#forgotten = oldest[1].version;
      }
    }
    return key;
  }
}

function sameRow(a: FleetRow, b: FleetRow): boolean {
  return a.cluster === b.cluster && a.waiting === b.waiting && a.reason === b.reason;
}
