/** The keys, as a table. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

const keys: readonly (readonly [key: string, does: string])[] = [
  ['/', 'filters the list, or finds anything'],
  ['f', 'finds anything by name'],
  [':', 'goes to a kind'],
  ['j k ↓ ↑', 'another row'],
  ['Enter', 'opens it'],
  ['y', 'its YAML'],
  ['l', 'its logs'],
  ['s', 'a shell in it'],
  ['o', 'overview'],
  ['u', 'back'],
  ['Tab', 'the next button, tab or field'],
];

export function KeyHelp({ onClose }: { onClose(): void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="keys">
      <h2 id="keys">Keys</h2>
      <dl class="keys">
        {keys.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </dialog>
  );
}
