/** Where a template cannot be rendered, and why; the message never quotes content. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
  /** In the template's text. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
