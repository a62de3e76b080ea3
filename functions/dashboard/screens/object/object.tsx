/** One object. */
import type { JSX } from 'preact';
import type { KubeObject } from '../../../kube/object.ts';
import { kindNamed, pathOf } from '../../api/kinds.ts';
import { useApp } from '../../app-context.ts';
import { sentenceOf, useJson, withMoment } from '../../parts/hooks.ts';

export function ObjectScreen(): JSX.Element {
  const { kinds, route } = useApp();
  const { namespace, name, at } = route;
  const kind = kindNamed(kinds, route.kind);
  const { value, error } = useJson<KubeObject>(kind === undefined ? undefined : withMoment(at, pathOf(kind, namespace, name)));
  return (
    <section class="screen object">
      <header class="bar">
        <h1>{name}</h1>
      </header>
      {error === undefined ? null : (
        <p class="problem" role="alert">
          {sentenceOf(error)}
        </p>
      )}
      <pre>{value === undefined ? '' : JSON.stringify(value, undefined, 2)}</pre>
    </section>
  );
}
