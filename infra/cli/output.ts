/** How a command prints what it found: lines for people, or JSON for programs. */

export interface OutputChoice {
  readonly output?: 'text' | 'json';
}

/** `lines` ends with a newline. */
export function print<T>({ output }: OutputChoice, value: T, lines: (value: T) => string): void {
  process.stdout.write(output === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : lines(value));
}
