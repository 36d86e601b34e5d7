/** One row of a benchmark's table. */
export interface Measurement {
  what: string;
  /** As it stands in the architecture; undefined: shown for information. */
  budget?: string;
  measured: string;
  /** Whether the budget is kept; undefined without a budget. */
  ok?: boolean;
}

export interface BenchmarkOptions {
  /** Machines of the benchmarks `rest`, `console`, `thousand` and `rival`; undefined: as many as each has by itself. */
  machines: number | undefined;
  /** Pairs of turns of the benchmark `rival`; undefined: as many as it has by itself. */
  pairs: number | undefined;
  /** Tells a person at the terminal how far it is. */
  progress: (line: string) => void;
  /** Takes a picture for docs/pictures. */
  draw: (file: string, svg: string) => void;
}

/** One file of this folder; prints nothing itself. */
export interface Benchmark {
  name: string;
  about: string;
  run(options: BenchmarkOptions): Promise<Measurement[]>;
}

export interface Distribution {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** The smallest sample that at least `share` of all samples do not exceed (nearest rank). @throws without samples */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('No samples');
  return value;
}

/** Between the two in the middle where their number is even. @throws without samples */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const half = (samples.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(half)], sorted[Math.ceil(half)]];
  if (low === undefined || high === undefined) throw new RangeError('No samples');
  return (low + high) / 2;
}

/** @throws RangeError without samples */
export function distributionOf(samples: readonly number[]): Distribution {
  return {
    count: samples.length,
    p50: quantile(samples, 0.5),
    p99: quantile(samples, 0.99),
    max: quantile(samples, 1),
  };
}

/** `p50 84 ms, p99 140 ms, max 151 ms (60 samples)`. */
export function formatDistribution({ count, p50, p99, max }: Distribution, unit: string): string {
  const show = (value: number): string => `${Math.round(value)}${unit === '' ? '' : ` ${unit}`}`;
  return `p50 ${show(p50)}, p99 ${show(p99)}, max ${show(max)} (${count} samples)`;
}

/** `12.3 s`. */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
