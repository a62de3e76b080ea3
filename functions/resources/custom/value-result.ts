/** What a check of a value found, with how many checks it passed: of several alternatives the nearest one is shown. */
import type { FieldError } from '../../kube/field-error.ts';

export interface Finding {
  readonly error: FieldError;
  /** Two findings with the same text are one. */
  readonly text: string;
}

export class ValueResult {
  readonly findings: Finding[] = [];
  matches = 0;

  get isValid(): boolean {
    return this.findings.length === 0;
  }

  add(error: FieldError, text: string): this {
    if (!this.findings.some((other) => other.text === text)) this.findings.push({ error, text });
    return this;
  }

  merge(other: ValueResult): this {
    for (const { error, text } of other.findings) this.add(error, text);
    this.matches += other.matches;
    return this;
  }

  passed(): this {
    this.matches += 1;
    return this;
  }
}
