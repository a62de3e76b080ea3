/** Asks before something that costs money or cannot be undone. */
import { createInterface } from 'node:readline/promises';
import { CliError } from './cli-error.ts';

export interface Agreement {
  readonly question: string;
  /** The text that the user has to type. */
  readonly answer: string;
  /** Agreed beforehand. */
  readonly yes: boolean;
}

export async function agree({ question, answer, yes }: Agreement): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new CliError('Nobody is here to be asked.', '--yes goes on without.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    if ((await terminal.question(`${question} (${answer}) `)).trim() !== answer) throw new CliError('Nothing was changed.');
  } finally {
    terminal.close();
  }
}
