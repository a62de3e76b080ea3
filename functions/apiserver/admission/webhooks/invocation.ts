/**
 * Whether a webhook is called for a request, and in which version it sees the object. Source: apiserver,
 * pkg/admission/plugin/webhook/generic/webhook.go
 */
import { groupResource } from '../../../kube/resource-type.ts';
import { StatusError } from '../../../kube/status-error.ts';
import type { View } from '../../../kube/view.ts';
import type { GroupVersionKind, ServedVersion } from '../../../resources/definition.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import type { ResourceIndex } from '../../registry/resource-index.ts';
import { type RequestedResource, ruleMatches } from '../match/rule-match.ts';
import { namespaceMatches, objectMatches } from '../match/selector-match.ts';
import type { Hook } from './hooks.ts';

/** A webhook and what it is shown. */
export interface Invocation {
  readonly hook: Hook;
  readonly served: ServedVersion;
  readonly resource: RequestedResource;
  readonly kind: GroupVersionKind;
}

const resourceOf = ({ type: { group, version, resource } }: ServedVersion): RequestedResource => ({ group, version, resource });

/** What the client's own version calls the object: the kind's, or that of a subresource's body. */
export function requestKind({ kind, type, served }: AdmissionAttributes): GroupVersionKind {
  const isOwn = kind.kind === type.kind && kind.group === type.group && kind.version === type.version;
  return isOwn ? kindOf(served) : { group: kind.group, version: kind.version, kind: kind.kind };
}

const kindOf = ({ type: { group, version, kind } }: ServedVersion): GroupVersionKind => ({ group, version, kind });

function servedVersions({ type }: AdmissionAttributes, index: ResourceIndex): readonly ServedVersion[] {
  const asked = groupResource(type);
  return index.kinds.filter(({ definition }) => groupResource(definition.type) === asked).map(({ served }) => served);
}

/** How the rules of a webhook match a request; conditions are not evaluated. */
export function invocationOf(hook: Hook, attributes: AdmissionAttributes, index: ResourceIndex): Invocation | undefined {
  const { served } = attributes;
  const { rules = [], matchPolicy } = hook.webhook;
  const own = resourceOf(served);
  if (rules.some((rule) => ruleMatches(rule, attributes, own))) return { hook, served, resource: own, kind: requestKind(attributes) };
  if (matchPolicy === 'Exact') return undefined;
  const others = servedVersions(attributes, index).filter(
    ({ type }) => groupResource(type) !== groupResource(served.type) || type.version !== served.type.version,
  );
  for (const rule of rules) {
    const found = others.find((other) => ruleMatches(rule, attributes, resourceOf(other)));
    if (found === undefined) continue;
    const requested = requestKind(attributes);
    const isBody = requested.kind !== served.type.kind;
    return { hook, served: found, resource: resourceOf(found), kind: isBody ? requested : kindOf(found) };
  }
  return undefined;
}

/** By everything. Throws when a namespace is missing. */
export function isConcerned({ hook: { webhook } }: Invocation, attributes: AdmissionAttributes, view: View): boolean {
  return objectMatches(webhook.objectSelector, attributes) && namespaceMatches(webhook.namespaceSelector, attributes, view);
}

/** No webhook admits the configuration of admission itself: a webhook could not be removed. */
export const isExempt = ({ type }: Pick<AdmissionAttributes, 'type'>): boolean => type.group === 'admissionregistration.k8s.io';

export const internal = (message: string, cause?: unknown): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { details: { causes: [{ message }] }, cause });
