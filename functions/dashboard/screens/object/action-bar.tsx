/** The buttons of an object. What its user may not do is shown, and named when it is tried. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AnyObject } from '../../api/change.ts';
import { type ObjectPath, sendChange } from '../../api/objects.ts';
import { readRights } from '../../api/rights.ts';
import { allows, type Rights } from '../../api/rules.ts';
import { useApp } from '../../app-context.ts';
import { nowMs } from '../../browser.ts';
import { AskDialog, type Question } from '../../parts/ask-dialog.tsx';
import { type Action, actionsOf } from './actions.ts';
import { drain, undo } from './procedures.ts';

function useRights(namespace: string): Rights {
  const [rights, setRights] = useState<Rights>({ resourceRules: [], incomplete: true });
  useEffect(() => {
    const ending = new AbortController();
    // Without an answer nothing is marked as forbidden: the API decides in any case.
    readRights(namespace, ending.signal).then(setRights, () => undefined);
    return () => ending.abort();
  }, [namespace]);
  return rights;
}

export function ActionBar({ place, object }: { place: ObjectPath; object: AnyObject }): JSX.Element {
  const { kinds, route, notify, notifyError } = useApp();
  const [question, setQuestion] = useState<Question>();
  const rights = useRights(place.namespace);
  const { kind, name } = place;

  const run = async ({ label, does }: Action, number: number): Promise<void> => {
    try {
      if (does === 'undo') return notify(await undo(kinds, place, object));
      if (does === 'drain') return notify(await drain(kinds, place));
      await sendChange(place, does(number));
      notify(`${label}: done.`);
    } catch (error) {
      notifyError(error);
    }
  };
  const ask = (action: Action): void =>
    setQuestion({
      text: action.question,
      agree: action.label,
      isDangerous: action.isDangerous === true,
      number: action.number,
      onAgree: (number) => void run(action, number),
    });
  if (route.at !== '') return <></>;
  return (
    <div class="actions" role="toolbar" aria-label="Actions">
      {actionsOf(kind, object, new Date(nowMs()).toISOString()).map((action) => {
        const resource = action.subresource === undefined ? kind.resource : `${kind.resource}/${action.subresource}`;
        const isAllowed = allows(rights, { verb: action.verb, group: kind.group, resource, name });
        const why = `Not allowed: no role lets you ${action.verb} ${resource} here.`;
        return (
          <button
            type="button"
            key={action.id}
            class={action.isDangerous === true ? 'danger' : ''}
            aria-disabled={!isAllowed}
            title={isAllowed ? undefined : why}
            onClick={() => (isAllowed ? ask(action) : notify(why, true))}
          >
            {action.label}
          </button>
        );
      })}
      {question === undefined ? null : <AskDialog question={question} onClose={() => setQuestion(undefined)} />}
    </div>
  );
}
