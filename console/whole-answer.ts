import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FleetMap } from '../domain/report/fleet/fleet-map.ts';
import { formatPosition, selectChange } from './viewer-stream.ts';

const compress = promisify(gzip);

/** The whole picture of a viewer of some namespaces, compressed; kept for whoever comes next and sees the same. */
export class WholeAnswer {
  readonly #map: FleetMap;
  readonly #instance: string;
  #key = '';
  #bytes: Promise<Buffer> | undefined;

  constructor(map: FleetMap, instance: string) {
    this.#map = map;
    this.#instance = instance;
  }

  gzipped(namespaces: ReadonlySet<string>): Promise<Buffer> {
    const key = [this.#map.version, ...[...namespaces].toSorted()].join(' ');
    if (this.#bytes === undefined || this.#key !== key) {
      this.#key = key;
      this.#bytes = compress(JSON.stringify(this.plain(namespaces)), { level: 1 });
    }
    return this.#bytes;
  }

  plain(namespaces: ReadonlySet<string>): object {
    const whole = selectChange(this.#map.whole(), namespaces);
    return { position: formatPosition({ instance: this.#instance, version: whole.version }), ...whole };
  }
}
