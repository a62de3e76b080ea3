/** What of an object a copy holds that calls no server. Pure. */
import type { CustomResourceDefinition, APIService } from '../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../functions/kube/object.ts';

const webhookKinds: ReadonlySet<string> = new Set([
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
]);

/** Kinds whose objects may name a server. `resource` is a GroupResource. */
export const mayNameServer = (resource: string): boolean =>
  webhookKinds.has(resource) ||
  resource === 'apiservices.apiregistration.k8s.io' ||
  resource === 'customresourcedefinitions.apiextensions.k8s.io';

/** Undefined: the object would make the API call a server, and is left out. */
export function withoutCalls(resource: string, object: KubeObject): KubeObject | undefined {
  if (webhookKinds.has(resource)) return undefined;
  if (resource === 'apiservices.apiregistration.k8s.io') return (object as APIService).spec?.service === undefined ? object : undefined;
  if (resource !== 'customresourcedefinitions.apiextensions.k8s.io') return object;
  const { spec } = object as CustomResourceDefinition;
  if (spec.conversion?.strategy !== 'Webhook') return object;
  // Objects keep the version in which they are stored.
  return { ...object, spec: { ...spec, conversion: { strategy: 'None' } } } as KubeObject;
}
