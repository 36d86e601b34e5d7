import { waitFor } from './wait-for.ts';

export interface MetricSample {
  name: string;
  labels: ReadonlyMap<string, string>;
  value: number;
}

/** What a process serves at `/metrics`: the samples, and by name the kind of each metric, also of those without samples. */
export async function readMetrics(url: string): Promise<{ samples: MetricSample[]; kinds: Map<string, string> }> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
  const kinds = lines.flatMap((line): [string, string][] => {
    const [, name, kind] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    return name === undefined || kind === undefined ? [] : [[name, kind]];
  });
  return { samples: lines.flatMap(readSample), kinds: new Map(kinds) };
}

function readSample(line: string): MetricSample[] {
  const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) return [];
  const pairs = [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text] as const);
  return [{ name, labels: new Map(pairs), value: Number(value) }];
}

/** The value of the first sample with these labels, and maybe others. */
export function valueOf(
  samples: readonly MetricSample[],
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  const wanted = Object.entries(labels);
  return samples.find((it) => it.name === name && wanted.every(([key, text]) => it.labels.get(key) === text))?.value;
}

/** Waits until a process shows such a value; undefined: none. */
export async function untilMetric(
  url: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  isAsWanted: ((value: number) => boolean) | undefined,
): Promise<void> {
  const read = async (): Promise<MetricSample[]> => (await readMetrics(url)).samples.filter((it) => it.name === name);
  await waitFor(
    `${name} ${JSON.stringify(labels)}`,
    async () => {
      const value = valueOf(await read(), name, labels);
      return value === undefined || isAsWanted === undefined ? value === isAsWanted : isAsWanted(value);
    },
    async () => (await read()).map(({ labels: all, value }) => ({ ...Object.fromEntries(all), value })),
    { everyMs: 200 },
  );
}
