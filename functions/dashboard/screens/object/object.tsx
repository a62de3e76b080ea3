/** One object: what it is, what it belongs to, what happened to it, and what can be done to it. */
import type { ComponentType, JSX } from 'preact';
import { kindNamed } from '../../api/kinds.ts';
import type { AnyObject } from '../../api/change.ts';
import type { ObjectPath } from '../../api/objects.ts';
import { useApp } from '../../app-context.ts';
import { Lazily } from '../../parts/lazily.tsx';
import { sentenceOf } from '../../parts/hooks.ts';
import { useObject } from '../../parts/use-object.ts';
import { hashOf, overview } from '../../route.ts';
import { ActionBar } from './action-bar.tsx';
import { FieldsTab } from './fields-tab.tsx';
import { RevisionsTab } from './revisions-tab.tsx';
import { SummaryTab } from './summary-tab.tsx';

export interface TabProps {
  readonly place: ObjectPath;
  readonly object: AnyObject;
}

const YamlTab = (props: TabProps): JSX.Element => <Lazily load={async () => (await import('./yaml-tab.tsx')).YamlTab} props={props} />;

interface Tab {
  readonly id: string;
  readonly title: string;
  readonly of: ComponentType<TabProps>;
}

const tabsOf = (kind: string): readonly Tab[] => [
  { id: '', title: 'Summary', of: SummaryTab },
  { id: 'yaml', title: 'YAML', of: YamlTab },
  { id: 'fields', title: 'Fields', of: FieldsTab },
  ...(kind === 'deployments.apps' ? [{ id: 'revisions', title: 'Revisions', of: RevisionsTab }] : []),
];

export function ObjectScreen(): JSX.Element {
  const { kinds, route } = useApp();
  const kind = kindNamed(kinds, route.kind);
  if (kind === undefined) return <p class="empty">This cluster serves no kind named {route.kind}.</p>;
  return <KnownObject place={{ kind, namespace: route.namespace, name: route.name }} />;
}

function KnownObject({ place }: { place: ObjectPath }): JSX.Element {
  const { route } = useApp();
  const { kind, namespace, name } = place;
  const { value: object, error, isGone } = useObject(place, route.at);
  const tabs = tabsOf(kind.id);
  const tab = tabs.find(({ id }) => id === route.tab) ?? tabs[0];
  const link = (to: Partial<typeof route>): string => hashOf({ ...overview, at: route.at, kind: kind.id, namespace, name, ...to });
  const hasPods = kind.id === 'pods' || object?.spec?.['selector'] !== undefined;
  return (
    <section class="screen object">
      <header class="bar">
        <h1>
          <a href={link({ screen: 'list', name: '' })}>{kind.resource}</a> / <span class="name">{name}</span>
        </h1>
        <span class="muted">{namespace}</span>
        {object === undefined || isGone === true ? null : <ActionBar place={place} object={object} />}
      </header>
      {error === undefined ? null : (
        <p class="problem" role="alert">
          {sentenceOf(error)}
        </p>
      )}
      {isGone === true ? (
        <p class="problem" role="status">
          It has been deleted. This is its last state.
        </p>
      ) : null}
      <div class="tabs">
        {tabs.map(({ id, title }) => (
          <a key={id} href={link({ screen: 'object', tab: id })} aria-current={tab?.id === id ? 'page' : undefined}>
            {title}
          </a>
        ))}
        {hasPods && route.at === '' ? <a href={link({ screen: 'logs' })}>Logs</a> : null}
        {kind.id === 'pods' && route.at === '' ? <a href={link({ screen: 'exec' })}>Shell</a> : null}
      </div>
      {object === undefined || tab === undefined ? null : <tab.of place={place} object={object} />}
    </section>
  );
}
