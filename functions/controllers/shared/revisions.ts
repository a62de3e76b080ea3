/**
 * ControllerRevisions: what a DaemonSet or a StatefulSet remembers of each template it had, for rollouts and for undoing them.
 * Pure. Source: pkg/controller/history/controller_history.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import type { ControllerRevision, PodTemplateSpec } from '../../kube/generated/types.ts';
import { podTemplateHash } from '../../kube/hash.ts';
import type { KubeObject } from '../../kube/object.ts';
import { nameOf, namespaceOf } from '../../kube/object.ts';
import { setOwn } from '../../kube/own-field.ts';
import { controllerReference } from '../../kube/owners.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { parseTime } from '../../kube/time.ts';

/** The label of pods that names the revision they were made from. */
export const revisionHashLabel = 'controller-revision-hash';

/** Names are at most 253 characters; the hash takes up to 29 and its dash one. */
const namePrefixLengthMax = 223;

/** The patch that gives the owner this template again. Its fields are in order, since kubectl compares its bytes. */
export const templatePatch = (template: PodTemplateSpec): Record<string, unknown> =>
  inOrder({ spec: { template: { ...template, $patch: 'replace' } } });

function inOrder(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of Object.keys(fields).sort()) {
    if (fields[field] !== undefined) setOwn(result, field, ordered(fields[field]));
  }
  return result;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  return typeof value === 'object' && value !== null ? inOrder(value as Record<string, unknown>) : value;
}

/** The template in the patch of a revision; undefined when it holds none. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec | undefined {
  const { template } = (data.spec ?? {}) as { readonly template?: PodTemplateSpec & { readonly $patch?: string } };
  if (template?.spec === undefined) return undefined;
  const { $patch: _patch, ...rest } = template;
  return rest;
}

export const hasTemplate = (revision: ControllerRevision, template: PodTemplateSpec): boolean =>
  deepEqual(revision.data, templatePatch(template));

export const hashOfTemplate = (template: PodTemplateSpec, collisionCount?: number): string => podTemplateHash(template, collisionCount);

export const numberOf = (revision: ControllerRevision): number => revision.revision ?? 0;

export const maxRevision = (revisions: readonly ControllerRevision[]): number => Math.max(0, ...revisions.map(numberOf));

const createdMs = ({ metadata }: ControllerRevision): number =>
  metadata.creationTimestamp === undefined ? 0 : parseTime(metadata.creationTimestamp);

/** Oldest first. */
export const byRevision = (a: ControllerRevision, b: ControllerRevision): number =>
  numberOf(a) - numberOf(b) || createdMs(a) - createdMs(b) || (nameOf(a) < nameOf(b) ? -1 : 1);

interface NewRevision {
  readonly owner: KubeObject;
  readonly ownerType: ResourceType;
  readonly template: PodTemplateSpec;
  readonly revision: number;
  readonly hash: string;
  /** The label that keeps the hash. */
  readonly hashLabel: string;
}

export function newRevision({ owner, ownerType, template, revision, hash, hashLabel }: NewRevision): ControllerRevision {
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      namespace: namespaceOf(owner),
      name: `${nameOf(owner).slice(0, namePrefixLengthMax)}-${hash}`,
      labels: { ...template.metadata?.labels, [hashLabel]: hash },
      annotations: owner.metadata.annotations,
      ownerReferences: [controllerReference(ownerType, owner)],
    },
    data: templatePatch(template),
    revision,
  };
}
