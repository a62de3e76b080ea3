/** The objects that a binding hands to its policy as parameters. Source: apiserver, pkg/admission/plugin/policy/generic/policy_dispatcher.go, CollectParams. */
import type { ParamKind, ParamRef } from '../../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../../kube/labels.ts';
import type { KubeObject } from '../../../kube/object.ts';
import type { View } from '../../../kube/view.ts';
import { fromStored } from '../../registry/served-form.ts';
import { type ResourceIndex, type ServedKind, storeResource } from '../../registry/resource-index.ts';

/** The binding cannot be used as it is: the policy's failurePolicy decides. */
export class ConfigurationFault extends Error {}

export interface ParamsAsked {
  readonly kind: ParamKind | undefined;
  readonly ref: ParamRef | undefined;
  /** The request's namespace; '' where it has none. */
  readonly namespace: string;
}

/** Undefined in the list: the policy is evaluated without parameters. */
export function paramsOf({ kind, ref, namespace }: ParamsAsked, index: ResourceIndex, view: View): readonly (KubeObject | undefined)[] {
  if (kind === undefined || ref === undefined) return [undefined];
  const found = paramKindServed(kind, index);
  const { namespaced } = found.definition.type;
  if (!namespaced && ref.namespace)
    throw new ConfigurationFault('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  const within = namespaced ? (ref.namespace ?? '') || namespace : '';
  if (namespaced && within === '') {
    throw new ConfigurationFault('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  }
  const params = selected(ref, found, within, view).map((object) => fromStored(found.served, object));
  if (params.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new ConfigurationFault('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  return params;
}

/** Throws where no kind of that name is served. */
export function paramKindServed({ apiVersion = '', kind = '' }: ParamKind, { kinds }: ResourceIndex): ServedKind {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const found = kinds.find(({ served: { type } }) => type.kind === kind && type.version === version && type.group === group);
  if (found !== undefined) return found;
  throw new ConfigurationFault(`failed to find resource referenced by paramKind: '${group}/${version}, Kind=${kind}'`);
}

function selected({ name, selector }: ParamRef, { definition }: ServedKind, namespace: string, view: View): readonly KubeObject[] {
  const resource = storeResource(definition);
  if (name) {
    const stored = view.get({ resource, namespace, name });
    return stored === undefined ? [] : [stored.object];
  }
  const requirements = requirementsOf(selector ?? {});
  return view
    .list(resource, namespace === '' ? undefined : namespace)
    .map(({ object }) => object)
    .filter(({ metadata }) => matchesLabels(requirements, metadata.labels));
}
