/**
 * Which names of a CustomResourceDefinition are its own, and what its status holds of them. Decided where it is committed:
 * nothing comes between two that want the same name. Source: pkg/controller/status/naming_controller.go.
 */
import { deepEqual } from './equality.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  ManagedFieldsEntry,
} from './generated/types.ts';
import { nameOf } from './object.ts';
import { timestamp } from './time.ts';

/** Keeps a definition until its objects are gone. Source: pkg/apis/apiextensions/v1/types.go. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export const conditionOf = (crd: CustomResourceDefinition, type: string): CustomResourceDefinitionCondition | undefined =>
  crd.status?.conditions?.find((condition) => condition.type === type);

/** It is served from here on, also while it terminates. */
export const isEstablished = (crd: CustomResourceDefinition): boolean => conditionOf(crd, 'Established')?.status === 'True';

interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenBy(others: readonly CustomResourceDefinition[]): Taken {
  const names = others.flatMap(({ status }) => status?.acceptedNames ?? []);
  return {
    resources: new Set(names.flatMap(({ plural, singular = '', shortNames = [] }) => [plural, singular, ...shortNames])),
    kinds: new Set(names.flatMap(({ kind, listKind = '' }) => [kind, listKind])),
  };
}

type Conflict = { readonly reason: string; readonly message: string };

/** `all`: every definition of the cluster, itself among them or not. Changes the status in place, and who manages it. */
export function acceptNames(crd: CustomResourceDefinition, all: readonly CustomResourceDefinition[], nowMs: number): void {
  const before = crd.status;
  decideNames(crd, all, nowMs);
  if (!deepEqual(before, crd.status)) manageStatus(crd, nowMs);
}

/** The server itself writes this status, and owns its fields. */
function manageStatus({ metadata, status }: CustomResourceDefinition, nowMs: number): void {
  const isOwn = ({ manager, operation, subresource }: ManagedFieldsEntry): boolean =>
    manager === 'kube-apiserver' && operation === 'Update' && subresource === 'status';
  const owned = (value: object): object =>
    Object.fromEntries(
      Object.keys(value)
        .toSorted()
        .map((name) => [`f:${name}`, {}]),
    );
  const conditions = (status?.conditions ?? [])
    .toSorted(({ type: a }, { type: b }) => (a < b ? -1 : 1))
    .map((one) => [`k:{"type":${JSON.stringify(one.type)}}`, { '.': {}, ...owned(one) }]);
  const fields = {
    'f:acceptedNames': owned(status?.acceptedNames ?? {}),
    'f:conditions': Object.fromEntries(conditions) as object,
  };
  const entry = {
    manager: 'kube-apiserver',
    operation: 'Update',
    apiVersion: 'apiextensions.k8s.io/v1',
    time: timestamp(nowMs),
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:status': fields },
    subresource: 'status',
  };
  metadata.managedFields = [...(metadata.managedFields ?? []).filter((one) => !isOwn(one)), entry];
}

function decideNames(crd: CustomResourceDefinition, all: readonly CustomResourceDefinition[], nowMs: number): void {
  const others = all.filter((other) => other.spec.group === crd.spec.group && nameOf(other) !== nameOf(crd));
  const { accepted, conflict } = decided(crd.spec.names, crd.status?.acceptedNames, takenBy(others));
  crd.status = { ...crd.status, acceptedNames: accepted };
  const isAccepted = conflict === undefined;
  setCondition(crd, { type: 'NamesAccepted', status: isAccepted ? 'True' : 'False', ...(conflict ?? noConflict) }, nowMs);
  if (isEstablished(crd)) return;
  setCondition(crd, { type: 'Established', status: isAccepted ? 'True' : 'False', ...(isAccepted ? established : notAccepted) }, nowMs);
}

const noConflict: Conflict = { reason: 'NoConflicts', message: 'no conflicts found' };
const established: Conflict = { reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' };
const notAccepted: Conflict = { reason: 'NotAccepted', message: 'not all names are accepted' };

function decided(
  wanted: CustomResourceDefinitionNames,
  before: CustomResourceDefinitionNames | undefined,
  { resources, kinds }: Taken,
): { readonly accepted: CustomResourceDefinitionNames; readonly conflict: Conflict | undefined } {
  const accepted: CustomResourceDefinitionNames = { ...before, plural: before?.plural ?? '', kind: before?.kind ?? '' };
  let conflict: Conflict | undefined;
  const claim = (reason: string, names: readonly string[], own: readonly string[], taken: ReadonlySet<string>): boolean => {
    const lost = names.filter((name) => name !== '' && !own.includes(name) && taken.has(name));
    if (lost.length > 0) {
      const texts = lost.map((name) => `${JSON.stringify(name)} is already in use`);
      conflict = { reason, message: texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]` };
    }
    return lost.length === 0;
  };
  const { plural, singular = '', shortNames, kind, listKind = '', categories } = wanted;
  if (claim('PluralConflict', [plural], [accepted.plural], resources)) accepted.plural = plural;
  if (claim('SingularConflict', [singular], [accepted.singular ?? ''], resources)) accepted.singular = singular;
  if (claim('ShortNamesConflict', shortNames ?? [], accepted.shortNames ?? [], resources)) setOrDelete(accepted, 'shortNames', shortNames);
  if (claim('KindConflict', [kind], [accepted.kind], kinds)) accepted.kind = kind;
  if (claim('ListKindConflict', [listKind], [accepted.listKind ?? ''], kinds)) accepted.listKind = listKind;
  setOrDelete(accepted, 'categories', categories);
  return { accepted, conflict };
}

function setOrDelete(names: CustomResourceDefinitionNames, field: 'shortNames' | 'categories', value: string[] | undefined): void {
  if (value === undefined) delete names[field];
  else names[field] = value;
}

/** The time of a condition is that of its last change of status. */
export function setCondition(crd: CustomResourceDefinition, next: CustomResourceDefinitionCondition, nowMs: number): void {
  const conditions = crd.status?.conditions ?? [];
  const current = conditions.find(({ type }) => type === next.type);
  const lastTransitionTime = current?.status === next.status ? current.lastTransitionTime : timestamp(nowMs);
  const made = { ...next, lastTransitionTime };
  if (current !== undefined && deepEqual(current, made)) return;
  const replaced = current === undefined ? [...conditions, made] : conditions.map((one) => (one === current ? made : one));
  crd.status = { ...crd.status, conditions: replaced };
}
