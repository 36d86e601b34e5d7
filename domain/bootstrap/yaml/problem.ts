/**
 * Bootstrap data that cannot be used. The message names the place and the kind of fault and never quotes content,
 * because it ends up in a condition (system.md section 7, rule 2).
 */
export class BootstrapProblem extends Error {
  override readonly name: string = 'BootstrapProblem';
}

/** More than is read at all, whatever it says. */
export class TooComplexProblem extends BootstrapProblem {
  override readonly name = 'TooComplexProblem';
}
