/** Reads the API for commands that need whole lists, now or as of a moment. */
import type { ReadJson } from '../backup/collect-objects.ts';
import type { ApiAccess } from './api-client.ts';
import { CliError } from './cli-error.ts';

/** `moment`: as the path takes it; undefined for now. */
export function reader({ fetch }: ApiAccess, moment?: string): ReadJson {
  const prefix = moment === undefined || moment === 'now' ? '' : `/as-of/${encodeURIComponent(moment)}`;
  return async <T>(path: string): Promise<T> => {
    const response = await fetch(`${prefix}${path}`);
    if (response.ok) return (await response.json()) as T;
    throw new CliError(`The API refused ${path.split('?')[0]}: ${messageOf(await response.text())}`);
  };
}

export function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return text.slice(0, textMax);
}
const textMax = 300;
