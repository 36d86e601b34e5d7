/** What the commands need of the world around them. */
export interface CliWorld {
  print(text: string): void;
  complain(text: string): void;
  /** What is printed is read by a person at a terminal that shows colours. */
  isTerminal: boolean;
  /** The user that runs this; undefined: without a name, as in a container whose image has no such user. */
  osUser(): string | undefined;
  /** Longest time that Temporal, and a worker through it, or the API server may take to answer one command. */
  answerTimeoutMs: number;
  now(): Date;
  /** Ends what would go on until somebody ends it. */
  signal: AbortSignal;
}
