/** What screens read from the API, as hooks: each ends its requests when the screen goes. */
import { useEffect, useReducer, useState } from 'preact/hooks';
import { ApiError, askJson } from '../api/request.ts';
import { after, nowMs } from '../browser.ts';
import { emptyTable, openTable, type TableQuery, type TableState } from '../table/table-feed.ts';

/** Undefined: nothing is read. */
export function useTable(query: TableQuery | undefined): TableState {
  const [state, setState] = useState(emptyTable);
  const { kind, namespace = '', labelSelector = '', fieldSelector = '', at = '' } = query ?? {};
  useEffect(() => {
    setState(emptyTable);
    if (kind === undefined) return undefined;
    const ending = new AbortController();
    openTable({ kind, namespace, labelSelector, fieldSelector, at }, ending.signal, setState);
    return () => ending.abort();
  }, [kind, namespace, labelSelector, fieldSelector, at]);
  return state;
}

export interface Answer<T> {
  readonly value?: T;
  readonly error?: Error;
}

/** Undefined: nothing is read. `version` reads it again. */
export function useJson<T>(path: string | undefined, version = 0): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { readonly path?: string }>({});
  useEffect(() => {
    if (path === undefined) return undefined;
    const ending = new AbortController();
    askJson<T>(path, { signal: ending.signal }).then(
      (value) => setAnswer({ value, path }),
      (error: unknown) => {
        if (!ending.signal.aborted) setAnswer({ error: error instanceof Error ? error : new Error(String(error)), path });
      },
    );
    return () => ending.abort();
  }, [path, version]);
  return answer.path === path ? answer : {};
}

/** The time, renewed every so often: ages grow. */
export function useNow(everyMs: number): number {
  const [, renew] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let cancel = (): void => undefined;
    const next = (): void => {
      cancel = after(everyMs, () => {
        renew(undefined as never);
        next();
      });
    };
    next();
    return () => cancel();
  }, [everyMs]);
  return nowMs();
}

/** The past's path has its moment in front. */
export const withMoment = (at: string, path: string): string => (at === '' ? path : `/as-of/${encodeURIComponent(at)}${path}`);

/** A refusal or a failure as a sentence. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError && error.status === 403) return `Not allowed: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
