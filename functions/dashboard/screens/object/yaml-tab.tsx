/** The object as YAML. A change is shown as the server would store it, before it is stored. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { parse, stringify, YAMLError } from 'yaml';
import type { KubeObject } from '../../../kube/object.ts';
import { unifiedDiff } from '../../../kube/unified-diff.ts';
import type { AnyObject } from '../../api/change.ts';
import { sendChange } from '../../api/objects.ts';
import { useApp } from '../../app-context.ts';
import { Diff } from '../../parts/diff.tsx';
import { type Editor, openEditor } from '../../parts/editor.ts';
import { sentenceOf } from '../../parts/hooks.ts';
import type { TabProps } from './object.tsx';

/** What each write changes by itself would hide what the user changes. */
function shown({ metadata, ...rest }: KubeObject): object {
  const { managedFields: _, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

function comparable(object: KubeObject): object {
  const { resourceVersion: _, generation: __, ...metadata } = object.metadata;
  return shown({ ...object, metadata });
}

interface Preview {
  readonly text: string;
  readonly diff: string;
}

export function YamlTab({ place, object }: TabProps): JSX.Element {
  const { route, notify } = useApp();
  const holder = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor>(undefined);
  const [preview, setPreview] = useState<Preview>();
  const [problem, setProblem] = useState('');
  const store = useRef<HTMLButtonElement>(null);
  const base = useRef(object);
  const isPast = route.at !== '';

  const put = (text: string, query: string): Promise<AnyObject> =>
    sendChange<AnyObject>(place, { method: 'PUT', subresource: '', body: parse(text) as unknown }, `fieldValidation=Strict${query}`);
  const failed = (error: unknown): void => setProblem(error instanceof YAMLError ? `This is no YAML: ${error.message}` : sentenceOf(error));
  const review = (): void => {
    const text = editor.current?.text() ?? '';
    setProblem('');
    setPreview(undefined);
    // The parser throws at once.
    Promise.resolve()
      .then(() => put(text, '&dryRun=All'))
      .then((would) => setPreview({ text, diff: unifiedDiff(comparable(base.current), comparable(would)) }), failed);
  };
  const apply = ({ text }: Preview): void => {
    put(text, '').then((stored) => {
      base.current = stored;
      editor.current?.replace(stringify(shown(stored)));
      setPreview(undefined);
      notify('Stored.');
    }, failed);
  };
  // A user who has read the differences stores them by Enter.
  useEffect(() => store.current?.focus(), [preview]);
  const latest = useRef(review);
  latest.current = review;
  useEffect(() => {
    if (holder.current === null) return undefined;
    editor.current = openEditor(holder.current, { text: stringify(shown(object)), isReadOnly: isPast, onSave: () => latest.current() });
    return () => editor.current?.close();
  }, []);

  return (
    <div class="yaml">
      {isPast ? null : (
        <div class="bar">
          <button type="button" onClick={review} title="Ctrl-S">
            Show what would change
          </button>
          {preview === undefined || preview.diff === '' ? null : (
            <button type="button" class="primary" ref={store} onClick={() => apply(preview)}>
              Store it
            </button>
          )}
          <span class="muted">Escape, then Tab, leaves the editor.</span>
        </div>
      )}
      {problem === '' ? null : (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {preview === undefined ? null : preview.diff === '' ? <p class="empty">Nothing would change.</p> : <Diff text={preview.diff} />}
      <div class="editor" ref={holder} />
    </div>
  );
}
