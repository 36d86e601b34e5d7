/** What the commands need of the world around them. */
export interface CliWorld {
  print(text: string): void;
  complain(text: string): void;
  /** Recorded as the actor of an operation when none is given. */
  whoAsks(): string;
  /** Longest time that Temporal, and a worker through it, may take to answer one command. */
  answerTimeoutMs: number;
}
