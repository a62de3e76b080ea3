/** Which manager set which fields. */
import type { JSX } from 'preact';
import { ownershipsOf } from './fields.ts';
import type { TabProps } from './object.tsx';

export function FieldsTab({ object }: TabProps): JSX.Element {
  return (
    <div class="parts">
      {ownershipsOf(object).map(({ manager, operation, time, paths }) => (
        <section class="part" key={`${manager}/${operation}`}>
          <h2>
            {manager} <span class="muted">{`${operation}, ${time}`}</span>
          </h2>
          <pre>{paths.join('\n')}</pre>
        </section>
      ))}
    </div>
  );
}
