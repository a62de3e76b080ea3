/** What takes several requests: going back to an earlier revision, and draining a node. */
import type { Deployment, Pod, ReplicaSet } from '../../../kube/generated/types.ts';
import { annotationsOf, isTerminating, nameOf, namespaceOf, uidOf } from '../../../kube/object.ts';
import { isPodFinished } from '../../../kube/pod.ts';
import { type Kind, kindNamed, pathOf } from '../../api/kinds.ts';
import { type AnyObject, mergePatch } from '../../api/change.ts';
import { listOf, type ObjectPath, sendChange } from '../../api/objects.ts';
import { ApiError, askJson } from '../../api/request.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const hashLabel = 'pod-template-hash';

export interface Revision {
  readonly number: number;
  readonly name: string;
  readonly created: string;
  readonly template: object;
}

/** Those of a Deployment, the newest first. Pure. */
export function revisionsOf(replicaSets: readonly ReplicaSet[], owner: AnyObject): readonly Revision[] {
  return replicaSets
    .filter(({ metadata }) => (metadata.ownerReferences ?? []).some(({ uid }) => uid === uidOf(owner)))
    .map((set) => ({
      number: Number(annotationsOf(set)[revisionAnnotation] ?? 0),
      name: nameOf(set),
      created: set.metadata.creationTimestamp ?? '',
      template: withoutHash(set.spec?.template),
    }))
    .toSorted((a, b) => b.number - a.number);
}

/** The label is the ReplicaSet's own. */
function withoutHash(template: NonNullable<Deployment['spec']>['template'] | undefined): object {
  const { [hashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

export async function readRevisions(kinds: readonly Kind[], object: AnyObject): Promise<readonly Revision[]> {
  const kind = kindNamed(kinds, 'replicasets.apps');
  return kind === undefined ? [] : revisionsOf(await listOf<ReplicaSet>(pathOf(kind, namespaceOf(object))), object);
}

/** Replaces the whole template, as `kubectl rollout undo` does. Undefined: the revision before this one. */
export async function undo(kinds: readonly Kind[], place: ObjectPath, object: AnyObject, to?: number): Promise<string> {
  if (object.spec?.['paused'] === true) return 'It is paused: resume it first.';
  const revisions = await readRevisions(kinds, object);
  const wanted = to === undefined ? revisions[1] : revisions.find(({ number }) => number === to);
  if (wanted === undefined) return 'There is no revision to go back to.';
  await sendChange(place, {
    method: 'PATCH',
    subresource: '',
    contentType: 'application/json-patch+json',
    body: [{ op: 'replace', path: '/spec/template', value: wanted.template }],
  });
  return `It goes back to revision ${wanted.number}.`;
}

const tooMany = 429;

/** Those that a drain leaves: a DaemonSet would make its pod again, and mirror pods belong to the node. Pure. */
export const staysOnDrain = (pod: Pod): boolean =>
  isPodFinished(pod) ||
  isTerminating(pod) ||
  (pod.metadata.ownerReferences ?? []).some(({ kind, controller }) => kind === 'DaemonSet' && controller === true) ||
  annotationsOf(pod)['kubernetes.io/config.mirror'] !== undefined;

/** Evicts once; what a disruption budget keeps for now is reported. */
export async function drain(kinds: readonly Kind[], place: ObjectPath): Promise<string> {
  await sendChange(place, mergePatch({ spec: { unschedulable: true } }));
  const pods = kindNamed(kinds, 'pods');
  if (pods === undefined) return 'It is cordoned.';
  const selector = new URLSearchParams({ fieldSelector: `spec.nodeName=${place.name}` });
  const leaving = (await listOf<Pod>(`${pathOf(pods)}?${selector}`)).filter((pod) => !staysOnDrain(pod));
  const kept: string[] = [];
  for (const pod of leaving) {
    const [name, namespace] = [nameOf(pod), namespaceOf(pod)];
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
    try {
      await askJson(`${pathOf(pods, namespace, name)}/eviction`, { method: 'POST', body });
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== tooMany && error.status !== 404)) throw error;
      if (error.status === tooMany) kept.push(`${namespace}/${name}`);
    }
  }
  const left = kept.length === 0 ? '' : ` Disruption budgets keep ${kept.join(', ')}: drain again later.`;
  return `It is cordoned, and ${leaving.length - kept.length} of ${leaving.length} pods are evicted.${left}`;
}
