/** A shell in a container. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Pod } from '../../../kube/generated/types.ts';
import { kindNamed, pathOf } from '../../api/kinds.ts';
import { useApp } from '../../app-context.ts';
import { sentenceOf, useJson } from '../../parts/hooks.ts';

/** A better one if the image has it. */
const shell = ['sh', '-c', 'command -v bash >/dev/null && exec bash || exec sh'];

function execPath(pod: string, container: string): string {
  const search = new URLSearchParams({ container, stdin: 'true', stdout: 'true', stderr: 'false', tty: 'true' });
  for (const word of shell) search.append('command', word);
  return `${pod}/exec?${search}`;
}

export function ExecScreen(): JSX.Element {
  const { kinds, route, go } = useApp();
  const pods = kindNamed(kinds, 'pods');
  const path = pods === undefined ? undefined : pathOf(pods, route.namespace, route.name);
  const { value: pod, error } = useJson<Pod>(path);
  const names = pod?.spec?.containers.map(({ name }) => name) ?? [];
  const container = route.container || (names[0] ?? '');
  return (
    <section class="screen exec">
      <header class="bar">
        <h1>
          shell in <span class="name">{route.name}</span>
        </h1>
        <label>
          Container{' '}
          <select value={container} onChange={({ currentTarget }) => go({ ...route, container: currentTarget.value })}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </header>
      {error === undefined ? null : (
        <p class="problem" role="alert">
          {sentenceOf(error)}
        </p>
      )}
      {path === undefined || container === '' ? null : <Shell path={execPath(path, container)} key={container} />}
    </section>
  );
}

function Shell({ path }: { path: string }): JSX.Element {
  const holder = useRef<HTMLDivElement>(null);
  const [end, setEnd] = useState('');
  useEffect(() => {
    let close: (() => void) | undefined;
    let isGone = false;
    import('./terminal.ts').then(
      ({ openTerminal }) => {
        if (holder.current !== null && !isGone)
          close = openTerminal(holder.current, { path, onEnd: (text) => setEnd((before) => before || text) });
      },
      (error: unknown) => setEnd(sentenceOf(error)),
    );
    return () => {
      isGone = true;
      close?.();
    };
  }, [path]);
  return (
    <>
      <p class="muted" role="status">
        {end}
      </p>
      <div class="terminal" ref={holder} />
    </>
  );
}
