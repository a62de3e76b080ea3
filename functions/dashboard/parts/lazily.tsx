/** A part of the page that is loaded when it is first shown. */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { sentenceOf } from './hooks.ts';

export function Lazily<P extends object>({ load, props }: { load(): Promise<ComponentType<P>>; props: P }): JSX.Element {
  const [part, setPart] = useState<{ readonly of?: ComponentType<P>; readonly problem?: string }>({});
  useEffect(() => {
    load().then(
      (of) => setPart({ of }),
      (error: unknown) => setPart({ problem: sentenceOf(error) }),
    );
  }, []);
  const { of: Part, problem } = part;
  if (problem !== undefined) return <p class="problem">{problem}</p>;
  return Part === undefined ? <p class="empty">Loading …</p> : <Part {...props} />;
}
