/**
 * Which nodes listen for tunnels by mail before one is wanted. A write that a webhook decides must not wait for a node's
 * poll. So of each Service that the API itself calls, the first node with a ready endpoint listens. The API calls that
 * node's endpoint.
 */
import { derived } from '../../kube/derived.ts';
import type { Endpoint, EndpointSlice, Pod } from '../../kube/generated/types.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import {
  apiServices,
  customResourceDefinitions,
  endpointSlices,
  groupResource,
  mutatingWebhookConfigurations,
  pods,
  validatingWebhookConfigurations,
} from '../../kube/resource-type.ts';
import { slicesOf } from '../../kube/service-endpoints.ts';
import { readable } from '../../kube/unreadable-object.ts';
import type { StoreView, View } from '../../kube/view.ts';

const calling = [mutatingWebhookConfigurations, validatingWebhookConfigurations, customResourceDefinitions, apiServices].map(groupResource);

interface Reference {
  readonly namespace?: string;
  readonly name?: string;
}

/** What the kinds that name Services have in common: each has one of these fields. */
interface Caller extends KubeObject {
  readonly webhooks?: readonly { readonly clientConfig: { readonly service?: Reference } }[];
  readonly spec?: {
    readonly conversion?: { readonly webhook?: { readonly clientConfig?: { readonly service?: Reference } } };
    readonly service?: Reference;
  };
}

const referencesOf = ({ webhooks = [], spec }: Caller): readonly (Reference | undefined)[] => [
  ...webhooks.map(({ clientConfig }) => clientConfig.service),
  spec?.conversion?.webhook?.clientConfig?.service,
  spec?.service,
];

function calledServices(view: StoreView): readonly ObjectName[] {
  const all = calling.flatMap((resource) => readable(view.list(resource)).flatMap(({ object }) => referencesOf(object as Caller)));
  const named = all
    .filter((one) => one !== undefined)
    .map(({ namespace = '', name = '' }): [string, ObjectName] => {
      return [`${namespace}/${name}`, { namespace, name }];
    });
  return [...new Map(named).values()];
}

/** That of the endpoint, or of its pod. */
export function nodeOfEndpoint({ nodeName, targetRef }: Endpoint, namespace: string, view: View): string | undefined {
  if (nodeName !== undefined && nodeName !== '') return nodeName;
  const pod = view.get({ resource: groupResource(pods), namespace, name: targetRef?.name ?? '' });
  const ofPod = (pod?.object as Pod | undefined)?.spec?.nodeName ?? '';
  return ofPod === '' ? undefined : ofPod;
}

const readyEndpoints = ({ endpoints }: EndpointSlice): readonly Endpoint[] =>
  (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);

/** Undefined: no ready endpoint is on a node. */
export function listenerOf({ namespace, name }: ObjectName, view: View): string | undefined {
  const names = slicesOf(view, namespace, name)
    .flatMap(readyEndpoints)
    .flatMap((endpoint) => nodeOfEndpoint(endpoint, namespace, view) ?? []);
  return names.toSorted()[0];
}

export type ListeningNodes = (view: StoreView) => ReadonlySet<string>;

/** The same set as long as neither what calls Services changes nor, where something does, an endpoint. */
export function listeningNodes(): ListeningNodes {
  const called = derived(calling, calledServices);
  const ofEndpoints = derived([...calling, groupResource(endpointSlices)], (view) => {
    return new Set(called(view).flatMap((service) => listenerOf(service, view) ?? []));
  });
  const none: ReadonlySet<string> = new Set();
  return (view) => (called(view).length === 0 ? none : ofEndpoints(view));
}
