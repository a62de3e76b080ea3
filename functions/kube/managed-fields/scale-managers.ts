/**
 * A Scale stands for one field of its parent: whose manager a Scale shows, and what a write of the Scale does to the
 * managers of the parent. Source: apimachinery, pkg/util/managedfields/scalehandler.go.
 */
import { difference, fieldSet, hasPath, isEmpty } from './field-set.ts';
import { type Managers, type ManagedSet, withFields } from './managers.ts';

const scaleVersion = 'autoscaling/v1';
const replicasOfScale = ['f:spec', 'f:replicas'];

/** By the ids of the parent's managers. */
export function scaleManagers(parent: Managers, replicas: readonly string[]): Managers {
  const owners = [...parent].filter(([, { fields }]) => hasPath(fields, replicas));
  const fields = fieldSet([replicasOfScale]);
  return new Map(owners.map(([id, set]) => [id, { ...withFields(set, fields), apiVersion: scaleVersion }]));
}

export interface ScaleParent {
  readonly managers: Managers;
  readonly apiVersion: string;
  /** The path of the number of replicas in it. */
  readonly replicas: readonly string[];
}

/** The managers of the parent after the Scale got those. A manager whose field another one took keeps the rest. */
export function parentManagers({ managers, apiVersion, replicas }: ScaleParent, scale: Managers): Managers {
  const field = fieldSet([replicas]);
  const result = new Map<string, ManagedSet>();
  const left = new Map(scale);
  for (const [id, set] of managers) {
    if (!hasPath(set.fields, replicas) || left.delete(id)) {
      result.set(id, set);
      continue;
    }
    const rest = difference(set.fields, field);
    if (!isEmpty(rest)) result.set(id, withFields(set, rest));
  }
  for (const [id, set] of left) {
    if (!hasPath(set.fields, replicasOfScale)) continue;
    // Upstream searches for the time among the parent's managers, which do not have it.
    result.set(id, { ...withFields(set, field), apiVersion, time: managers.get(id)?.time });
  }
  return result;
}
