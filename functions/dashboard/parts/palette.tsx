/** Finds anything by its name: `/` screens, namespaces, kinds and objects, `:` kinds alone. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { KubeList } from '../../kube/object.ts';
import { type Kind, kindNamed, pathOf } from '../api/kinds.ts';
import { askJson } from '../api/request.ts';
import { type App, useApp } from '../app-context.ts';
import { menuScreens, overview, type Route } from '../route.ts';
import { found, type Entry } from './found.ts';
import { withMoment } from './hooks.ts';

export type PaletteMode = 'anything' | 'kinds';

/** Whose objects are found by name. */
const searched = ['pods', 'deployments.apps', 'services', 'nodes', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'configmaps'];
const objectsMax = 500;
const metadataOnly = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

async function objectsOf(kind: Kind, namespace: string, at: string, signal: AbortSignal): Promise<Entry<Partial<Route>>[]> {
  const path = withMoment(at, pathOf(kind, kind.isNamespaced ? namespace : ''));
  const list = await askJson<KubeList>(`${path}?limit=${objectsMax}`, { accept: metadataOnly, signal });
  return list.items.map(({ metadata: { name = '', namespace: of = '' } }) => ({
    title: name,
    hint: of === '' ? kind.singular : `${kind.singular} in ${of}`,
    to: { screen: 'object', kind: kind.id, namespace: of, name },
  }));
}

function useObjects(mode: PaletteMode): readonly Entry<Partial<Route>>[] {
  const { kinds, route } = useApp();
  const [objects, setObjects] = useState<readonly Entry<Partial<Route>>[]>([]);
  useEffect(() => {
    if (mode === 'kinds') return undefined;
    const ending = new AbortController();
    const readings = searched
      .flatMap((id) => kindNamed(kinds, id) ?? [])
      .map((kind) => objectsOf(kind, route.namespace, route.at, ending.signal));
    // What may not be read is not found.
    for (const reading of readings)
      reading.then(
        (more) => setObjects((known) => [...known, ...more]),
        () => undefined,
      );
    return () => ending.abort();
  }, []);
  return objects;
}

function entriesOf(
  { kinds, namespaces, route }: App,
  mode: PaletteMode,
  objects: readonly Entry<Partial<Route>>[],
): readonly Entry<Partial<Route>>[] {
  const { namespace } = route;
  const all = kinds.map(({ id, kind, resource, shortNames }) => ({
    title: resource,
    hint: [kind, ...shortNames].join(', '),
    also: [id, kind, ...shortNames],
    to: { screen: 'list' as const, kind: id, namespace },
  }));
  if (mode === 'kinds') return all;
  const screens = menuScreens.map(({ screen, hint }) => ({ title: screen, hint, to: { screen, namespace } }));
  const places = namespaces.map((name) => ({ title: name, hint: 'go to this namespace', to: { ...route, namespace: name } }));
  return [...screens, ...all, ...places, ...objects];
}

export function Palette({ mode, onClose }: { mode: PaletteMode; onClose(): void }): JSX.Element {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const objects = useObjects(mode);
  useEffect(() => dialog.current?.showModal(), []);

  const entries = useMemo(() => entriesOf(app, mode, objects), [app, objects, mode]);
  const matches = useMemo(() => found(entries, text), [entries, text]);
  const current = Math.min(chosen, matches.length - 1);

  const open = (entry: Entry<Partial<Route>> | undefined): void => {
    onClose();
    if (entry !== undefined) app.go({ ...overview, ...entry.to });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setChosen(Math.max(0, Math.min(matches.length - 1, current + step)));
    else if (event.key === 'Enter') open(matches[current]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="palette" onClose={onClose} aria-label={mode === 'kinds' ? 'Go to a kind' : 'Find anything'}>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={matches.length === 0 ? undefined : `found-${current}`}
        aria-label={mode === 'kinds' ? 'Name of a kind' : 'Name of anything'}
        placeholder={mode === 'kinds' ? 'A kind: po, deploy, crd …' : 'A name: of a screen, kind, namespace or object'}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="found" role="listbox" aria-label="Found">
        {matches.map((entry, index) => (
          <li
            key={`${entry.title}/${entry.hint}`}
            id={`found-${index}`}
            role="option"
            aria-selected={index === current}
            onClick={() => open(entry)}
          >
            <span>{entry.title}</span>
            <span class="muted">{entry.hint}</span>
          </li>
        ))}
      </ul>
      {matches.length === 0 ? <p class="empty">Nothing has such a name.</p> : null}
    </dialog>
  );
}
