/** Asks before something happens. Enter agrees, Escape does not. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Question {
  readonly text: string;
  readonly agree: string;
  readonly isDangerous?: boolean;
  readonly number?: number | undefined;
  onAgree(number: number): void;
}

const numberMax = 100_000;

export function AskDialog({ question, onClose }: { question: Question; onClose(): void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [number, setNumber] = useState(question.number ?? 0);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="question">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          question.onAgree(number);
        }}
      >
        <p id="question">{question.text}</p>
        {question.number === undefined ? null : (
          <input
            type="number"
            min={0}
            max={numberMax}
            step={1}
            required
            aria-labelledby="question"
            value={number}
            onFocus={({ currentTarget }) => currentTarget.select()}
            onInput={({ currentTarget }) => setNumber(currentTarget.valueAsNumber)}
          />
        )}
        <div class="bar">
          <button type="submit" class={question.isDangerous === true ? 'danger' : 'primary'}>
            {question.agree}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}
