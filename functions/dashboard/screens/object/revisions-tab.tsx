/** The revisions of a Deployment, what each changed, and the way back to it. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { unifiedDiff } from '../../../kube/unified-diff.ts';
import { useApp } from '../../app-context.ts';
import { AskDialog } from '../../parts/ask-dialog.tsx';
import { Diff } from '../../parts/diff.tsx';
import type { TabProps } from './object.tsx';
import { readRevisions, type Revision, undo } from './procedures.ts';

export function RevisionsTab({ place, object }: TabProps): JSX.Element {
  const { kinds, route, notify, notifyError } = useApp();
  const [revisions, setRevisions] = useState<readonly Revision[]>([]);
  const [asked, setAsked] = useState<Revision>();
  useEffect(() => void readRevisions(kinds, object).then(setRevisions, notifyError), [object.metadata.resourceVersion]);
  return (
    <div class="parts">
      {revisions.map((revision, index) => {
        const before = revisions[index + 1];
        return (
          <section class="part" key={revision.name}>
            <h2>
              Revision {revision.number} <span class="muted">{`${revision.name}, ${revision.created}`}</span>
            </h2>
            {index === 0 || route.at !== '' ? null : (
              <button type="button" onClick={() => setAsked(revision)}>
                Go back to {revision.number}
              </button>
            )}
            {before === undefined ? (
              <p class="muted">the first that is kept</p>
            ) : (
              <Diff text={unifiedDiff(before.template, revision.template)} />
            )}
          </section>
        );
      })}
      {asked === undefined ? null : (
        <AskDialog
          question={{
            text: `Go back to revision ${asked.number}?`,
            agree: 'Go back',
            onAgree: () => void undo(kinds, place, object, asked.number).then(notify, notifyError),
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}
