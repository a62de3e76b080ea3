/** What a user can answer: one sentence on what is wrong and, where there is one, the cure. Everything else is a bug and keeps its stack. */
export class CliError extends Error {
  readonly cure: string | undefined;

  constructor(message: string, cure?: string) {
    super(message);
    this.name = 'CliError';
    this.cure = cure;
  }
}
