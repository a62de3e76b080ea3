/** How a command prints what it found: lines for people, or JSON for programs. */
import { terminalProgress, type Progress } from './progress.ts';

export interface OutputChoice {
  readonly output?: 'text' | 'json';
}

/** Where a command shows its steps and questions. Programs find nothing but JSON on standard output. */
const besides = ({ output }: OutputChoice): NodeJS.WriteStream => (output === 'json' ? process.stderr : process.stdout);

export const progressOf = (choice: OutputChoice): Progress => terminalProgress(besides(choice));

export const announce = (choice: OutputChoice, text: string): void => void besides(choice).write(text);

/** `lines` ends with a newline. */
export function print<T>({ output }: OutputChoice, value: T, lines: (value: T) => string): void {
  process.stdout.write(output === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : lines(value));
}
