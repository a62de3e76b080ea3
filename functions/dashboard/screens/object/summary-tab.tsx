/** Labels, conditions, owners, dependants and events of an object. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Event } from '../../../kube/generated/types.ts';
import { humanDuration } from '../../../kube/duration.ts';
import { type KubeList, type KubeObject, labelsOf, nameOf, namespaceOf, uidOf } from '../../../kube/object.ts';
import { type Kind, kindNamed, kindReferred, pathOf } from '../../api/kinds.ts';
import { askJson } from '../../api/request.ts';
import { useApp } from '../../app-context.ts';
import { nowMs } from '../../browser.ts';
import { sentenceOf, useJson, withMoment } from '../../parts/hooks.ts';
import { toneOf } from '../../parts/tone.ts';
import { hashOf, overview } from '../../route.ts';
import type { TabProps } from './object.tsx';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

const Section = ({ title, children }: { title: string; children: ComponentChildren }): JSX.Element => (
  <section class="part">
    <h2>{title}</h2>
    {children}
  </section>
);

const ago = (time: string | undefined): string =>
  time === undefined || Number.isNaN(Date.parse(time)) ? '' : humanDuration(Math.max(0, nowMs() - Date.parse(time)));

export function SummaryTab({ place, object }: TabProps): JSX.Element {
  const conditions = (object.status?.['conditions'] ?? []) as readonly Condition[];
  const labels = Object.entries(labelsOf(object));
  return (
    <div class="parts">
      <Section title="Labels">
        {labels.length === 0 ? <p class="muted">none</p> : null}
        <ul class="chips">
          {labels.map(([key, value]) => (
            <li key={key}>
              {key}={value}
            </li>
          ))}
        </ul>
      </Section>
      <Related object={object} />
      {conditions.length === 0 ? null : (
        <Section title="Conditions">
          <table>
            <tbody>
              {conditions.map(({ type, status, reason = '', message = '', lastTransitionTime }) => (
                <tr key={type}>
                  <th scope="row">{type}</th>
                  <td class={toneOf('Status', status)}>{status}</td>
                  <td>{[reason, message].filter((text) => text !== '').join(': ')}</td>
                  <td class="muted">{ago(lastTransitionTime)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
      {/* Nodes send events about themselves before they know their uid. */}
      <Events namespace={place.namespace} uid={place.kind.id === 'nodes' ? place.name : uidOf(object)} />
    </div>
  );
}

function Events({ namespace, uid }: { namespace: string; uid: string }): JSX.Element {
  const { kinds, route } = useApp();
  const events = kindNamed(kinds, 'events');
  const search = new URLSearchParams({ fieldSelector: `involvedObject.uid=${uid}` });
  const path = events === undefined ? undefined : withMoment(route.at, `${pathOf(events, namespace)}?${search}`);
  const { value, error } = useJson<KubeList<Event>>(path);
  const timeOf = ({ lastTimestamp, eventTime, metadata }: Event): string => lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
  const newest = (value?.items ?? []).toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
  return (
    <Section title="Events">
      {error === undefined ? null : <p class="problem">{sentenceOf(error)}</p>}
      {value !== undefined && newest.length === 0 ? <p class="muted">none</p> : null}
      <table>
        <tbody>
          {newest.map((event) => (
            <tr key={uidOf(event)}>
              <td class="muted">{ago(timeOf(event))}</td>
              <td class={toneOf('Type', event.type ?? '')}>{event.reason}</td>
              <td>{event.message}</td>
              <td class="muted">{(event.count ?? 1) > 1 ? `${event.count} times` : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

/** Whose objects are often owned by others. */
const ownedKinds = [
  'pods',
  'replicasets.apps',
  'controllerrevisions.apps',
  'jobs.batch',
  'endpointslices.discovery.k8s.io',
  'persistentvolumeclaims',
  'configmaps',
  'secrets',
];
const metadataOnly = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

interface Reference {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

async function dependantsIn(kind: Kind, owner: KubeObject, at: string, signal: AbortSignal): Promise<Reference[]> {
  const path = withMoment(at, `${pathOf(kind, namespaceOf(owner))}?limit=500`);
  const { items } = await askJson<KubeList>(path, { accept: metadataOnly, signal });
  return items
    .filter(({ metadata }) => (metadata.ownerReferences ?? []).some(({ uid }) => uid === uidOf(owner)))
    .map((item) => ({ kind, namespace: namespaceOf(item), name: nameOf(item) }));
}

function Related({ object }: { object: KubeObject }): JSX.Element {
  const { kinds, route } = useApp();
  const [dependants, setDependants] = useState<readonly Reference[]>([]);
  useEffect(() => {
    if (namespaceOf(object) === '') return undefined;
    const ending = new AbortController();
    const candidates = ownedKinds.flatMap((id) => kindNamed(kinds, id) ?? []);
    // What the user may not list is left out.
    Promise.allSettled(candidates.map((kind) => dependantsIn(kind, object, route.at, ending.signal))).then(
      (answers) => setDependants(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))),
      () => undefined,
    );
    return () => ending.abort();
  }, [uidOf(object), object.metadata.resourceVersion]);
  const owners = (object.metadata.ownerReferences ?? []).map(({ apiVersion, kind, name }) => ({
    text: `${kind} ${name}`,
    to: { kind: kindReferred(kinds, apiVersion, kind), namespace: namespaceOf(object), name },
  }));
  const href = ({ kind, namespace, name }: Reference): string =>
    hashOf({ ...overview, screen: 'object', kind: kind.id, namespace: kind.isNamespaced ? namespace : '', name, at: route.at });
  return (
    <>
      {owners.length === 0 ? null : (
        <Section title="Owned by">
          <ul class="links">
            {owners.map(({ text, to: { kind, ...rest } }) => (
              <li key={text}>{kind === undefined ? text : <a href={href({ kind, ...rest })}>{text}</a>}</li>
            ))}
          </ul>
        </Section>
      )}
      {dependants.length === 0 ? null : (
        <Section title="Owns">
          <ul class="links">
            {dependants.map((one) => (
              <li key={`${one.kind.id}/${one.name}`}>
                <a href={href(one)}>
                  {one.kind.kind} {one.name}
                </a>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}
