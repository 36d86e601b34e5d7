/** A step refuses by itself what it was to write: the object is not what it was taken for. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
