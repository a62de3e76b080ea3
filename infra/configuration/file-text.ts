import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';

/** The file's text. Throws a ConfigurationError with `problem` where there is no such file. */
export function fileText(file: string, problem: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new ConfigurationError(problem, { cause: error });
  }
}
