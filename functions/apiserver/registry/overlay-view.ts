/** A view with writes on top that are about to be committed: what a rule sees of those that came before it. */
import { type Key, type Stored, type View } from '../../kube/view.ts';
import type { CompanionWrite } from '../../resources/definition.ts';

const placeOf = ({ resource, namespace, name }: Key): string => `${resource}\0${namespace}\0${name}`;

const byKey = (a: Stored, b: Stored): number =>
  a.key.namespace === b.key.namespace ? (a.key.name < b.key.name ? -1 : 1) : a.key.namespace < b.key.namespace ? -1 : 1;

export function overlaid(view: View, writes: readonly CompanionWrite[]): View {
  if (writes.length === 0) return view;
  const written = new Map(writes.map((write) => [placeOf(write.key), write]));
  const storedOf = (write: CompanionWrite): Stored[] =>
    write.type === 'delete' ? [] : [{ key: write.key, revision: view.revision, object: write.object }];
  return {
    revision: view.revision,
    get(key) {
      const write = written.get(placeOf(key));
      return write === undefined ? view.get(key) : storedOf(write)[0];
    },
    list(resource, namespace) {
      const kept = view.list(resource, namespace).filter(({ key }) => !written.has(placeOf(key)));
      const added = [...written.values()].filter(
        ({ key }) => key.resource === resource && (namespace === undefined || key.namespace === namespace),
      );
      return [...kept, ...added.flatMap(storedOf)].sort(byKey);
    },
  };
}
