/** An object as it is now, or was; it follows what happens to it. */
import { useEffect, useState } from 'preact/hooks';
import { pathOf } from '../api/kinds.ts';
import type { AnyObject } from '../api/change.ts';
import { type ObjectPath, watchObject } from '../api/objects.ts';
import { ApiError, askJson } from '../api/request.ts';
import { pause } from '../browser.ts';
import { type Answer, withMoment } from './hooks.ts';

const againMs = 2_000;

export interface FollowedObject extends Answer<AnyObject> {
  /** It was there, and is no more. */
  readonly isGone?: boolean;
}

export function useObject({ kind, namespace, name }: ObjectPath, at: string): FollowedObject {
  const [answer, setAnswer] = useState<FollowedObject>({});
  useEffect(() => {
    setAnswer({});
    const ending = new AbortController();
    const { signal } = ending;
    const follow = async (): Promise<void> => {
      while (!signal.aborted) {
        const object = await askJson<AnyObject>(withMoment(at, pathOf(kind, namespace, name)), { signal });
        setAnswer({ value: object });
        if (at !== '' || !kind.verbs.includes('watch')) return;
        await watchObject({ kind, namespace, name }, object.metadata.resourceVersion ?? '', signal, (value) =>
          setAnswer((before) => (value === undefined ? { ...before, isGone: true } : { value })),
        );
        await pause(againMs, signal);
      }
    };
    follow().catch((error: unknown) => {
      if (signal.aborted || !(error instanceof Error)) return;
      const isGone = error instanceof ApiError && error.status === 404;
      setAnswer((before) => (isGone && before.value !== undefined ? { ...before, isGone } : { ...before, error }));
    });
    return () => ending.abort();
  }, [kind, namespace, name, at]);
  return answer;
}
