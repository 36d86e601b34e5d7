/** What a run tells the metrics of its worker, at the first time only and never when it is replayed; its history holds nothing of it. */
export type LifeMeter = {
  /** The machine left a phase for another one, or for good (`Gone`). */
  phaseLeft: (phase: string, next: string, seconds: number) => void;
  /** What became of a plan. */
  planAnswered: (type: string, result: string) => void;
  /** What became of an operator's request. */
  operationAsked: (verb: string, result: 'accepted' | 'refused') => void;
};

/** As sinks of a workflow are declared. */
export type LifeSinks = { meter: LifeMeter };
