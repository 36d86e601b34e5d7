/** A network that cannot be rendered; the message names the field, and never quotes more than names. */
export class NetworkProblem extends Error {
  override readonly name = 'NetworkProblem';
}
