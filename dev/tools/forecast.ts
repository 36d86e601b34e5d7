import { availableParallelism } from 'node:os';
import type { ToolName } from './table.ts';

/**
 * CPU seconds of a build from empty caches, in the order of the table: what two tools share counts for the first of them.
 * Only their proportions matter, beyond the first guess.
 */
const effortSeconds: Record<ToolName, number> = {
  etcd: 95,
  'kube-apiserver': 300,
  'kube-controllers': 14,
  'capi-core': 150,
  'capi-kubeadm-bootstrap': 10,
  'capi-kubeadm-control-plane': 18,
  clusterctl: 20,
  kubectl: 50,
  kustomize: 27,
  temporal: 270,
  'workload-cluster': 77,
  'temporal-server': 220,
  'temporal-sql-tool': 20,
  'temporal-ui': 60,
  capim: 60,
};

/** How far a row of builds has come. */
export interface Forecast {
  /** Of the whole row, 0 to 1. */
  share: number;
  leftMs: number;
}

/** A row of builds at one moment. */
export interface BuildState {
  /** What is built, in this order. */
  tools: readonly ToolName[];
  /** How many of them are done. */
  done: number;
  /** Since the row began. */
  elapsedMs: number;
  /** Since the present tool began. */
  toolElapsedMs: number;
}

/** Before anything is built: the compilers keep the cores busy, and wait for each other a little. */
const FIRST_GUESS_MS_PER_CPU_SECOND = 1_000 / (0.85 * Math.min(availableParallelism(), 8));
/** A tool that takes longer than was thought stays just short of its end. */
const ALMOST = 0.95;

/** Foresees the end by what the tools before took. */
export function foresee({ tools, done, elapsedMs, toolElapsedMs }: BuildState): Forecast {
  const effortOf = (tools: readonly ToolName[]) => tools.reduce((sum, tool) => sum + effortSeconds[tool], 0);
  const all = effortOf(tools);
  const ready = effortOf(tools.slice(0, done));
  const present = effortOf(tools.slice(done, done + 1));
  const paceMs = ready > 0 ? (elapsedMs - toolElapsedMs) / ready : FIRST_GUESS_MS_PER_CPU_SECOND;
  const begun = Math.min(toolElapsedMs / paceMs, present * ALMOST);
  // What is slower than the tools before makes the rest slower, too.
  const slowerMs = begun < present * ALMOST ? paceMs : Math.max(paceMs, toolElapsedMs / begun);
  return { share: all === 0 ? 1 : (ready + begun) / all, leftMs: (all - ready - begun) * slowerMs };
}
