/** What can be done to an object, decided by its kind's subresources and its own fields. Pure. */
import type { Kind } from '../../api/kinds.ts';
import { type AnyObject, type Change, mergePatch } from '../../api/change.ts';

/** Actions that need more than one request. */
export type Procedure = 'undo' | 'drain';

export interface Action {
  readonly id: string;
  readonly label: string;
  readonly isDangerous?: boolean;
  /** The verb that a role must allow. */
  readonly verb: string;
  readonly subresource?: string;
  /** The question before the action begins. */
  readonly question: string;
  /** With a number that the user may change. */
  readonly number?: number;
  readonly does: Procedure | ((number: number) => Change);
}

const isOf = ({ spec = {} }: AnyObject, field: string): boolean => spec[field] === true;

function toggle(
  id: readonly [on: string, off: string],
  object: AnyObject,
  field: string,
  effect: readonly [on: string, off: string],
): Action {
  const isOn = isOf(object, field);
  const name = object.metadata.name ?? '';
  return {
    id: isOn ? id[1].toLowerCase() : id[0].toLowerCase(),
    label: isOn ? id[1] : id[0],
    verb: 'patch',
    question: `${isOn ? id[1] : id[0]} ${name}? ${isOn ? effect[1] : effect[0]}`,
    does: () => mergePatch({ spec: { [field]: !isOn } }),
  };
}

function restart({ metadata: { name = '' } }: AnyObject, nowIso: string): Action {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': nowIso };
  return {
    id: 'restart',
    label: 'Restart',
    verb: 'patch',
    question: `Restart ${name}? Its pods are replaced, a few at a time.`,
    does: () => mergePatch({ spec: { template: { metadata: { annotations } } } }),
  };
}

function scale({ metadata: { name = '' }, spec = {} }: AnyObject): Action {
  return {
    id: 'scale',
    label: 'Scale',
    verb: 'patch',
    subresource: 'scale',
    question: `How many replicas of ${name}?`,
    number: typeof spec['replicas'] === 'number' ? spec['replicas'] : 1,
    does: (replicas) => mergePatch({ spec: { replicas } }, '/scale'),
  };
}

const remove = ({ metadata: { name = '' } }: AnyObject, { kind }: Kind): Action => ({
  id: 'delete',
  label: 'Delete',
  isDangerous: true,
  verb: 'delete',
  question: `Delete the ${kind} ${name}, and what it owns?`,
  does: () => ({
    method: 'DELETE',
    subresource: '',
    body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
  }),
});

const rollingKinds = new Set(['deployments.apps', 'statefulsets.apps', 'daemonsets.apps']);

export function actionsOf(kind: Kind, object: AnyObject, nowIso: string): readonly Action[] {
  const name = object.metadata.name ?? '';
  return [
    ...(kind.subresources.includes('scale') ? [scale(object)] : []),
    ...(rollingKinds.has(kind.id) ? [restart(object, nowIso)] : []),
    ...(kind.id === 'deployments.apps'
      ? [
          toggle(['Pause', 'Resume'], object, 'paused', ['Changes wait until it is resumed.', 'Changes that waited roll out.']),
          {
            id: 'undo',
            label: 'Undo',
            verb: 'patch',
            question: `Go back to the revision of ${name} before this one?`,
            does: 'undo' as const,
          },
        ]
      : []),
    ...(kind.id === 'cronjobs.batch' || kind.id === 'jobs.batch'
      ? [toggle(['Suspend', 'Unsuspend'], object, 'suspend', ['It starts no pods until it goes on.', 'It goes on.'])]
      : []),
    ...(kind.id === 'nodes'
      ? [
          toggle(['Cordon', 'Uncordon'], object, 'unschedulable', ['No new pods are placed on it.', 'New pods may be placed on it.']),
          {
            id: 'drain',
            label: 'Drain',
            isDangerous: true,
            verb: 'patch',
            question: `Drain ${name}? No new pods are placed on it, and its pods are evicted; disruption budgets are kept.`,
            does: 'drain' as const,
          },
        ]
      : []),
    ...(kind.verbs.includes('delete') ? [remove(object, kind)] : []),
  ];
}
