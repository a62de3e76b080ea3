/**
 * What a node may: its own Node, its pods' status, its heartbeat, and of other objects only what its pods name.
 * A refusal is only "no opinion": RBAC may still allow. Source: plugin/pkg/auth/authorizer/node/node_authorizer.go.
 */
import { groupResource, pods } from '../../kube/resource-type.ts';
import type { View } from '../../kube/view.ts';
import type { Pod } from '../../kube/generated/types.ts';
import type { PodReferences } from '../nodes/pod-references.ts';
import type { PodsOfNode } from '../nodes/pods-of-node.ts';
import { agentGroup } from '../../kube/node-poll.ts';
import type { AuthorizationDecision, Authorizer, RequestAttributes, User } from '../ports.ts';
import { nodeOf } from './groups.ts';

export interface NodeAuthorizerOptions {
  readonly podsOfNode: PodsOfNode;
  readonly view: () => View;
}

const leaseNamespace = 'kube-node-lease';
const reads = ['get', 'list', 'watch'];
const writes = ['create', 'update', 'patch', 'delete'];

/** `group/resource[/subresource]` → verbs that every node may use on all objects of it. */
const onAll: Readonly<Record<string, readonly string[]>> = {
  '/services': reads,
  '/nodes': [...reads, 'create'],
  '/pods': reads,
  '/events': ['create', 'update', 'patch'],
  '/pods/eviction': ['create'],
  'events.k8s.io/events': ['create', 'update', 'patch'],
  'discovery.k8s.io/endpointslices': reads,
  'node.k8s.io/runtimeclasses': reads,
  'storage.k8s.io/csidrivers': reads,
  'authentication.k8s.io/tokenreviews': ['create'],
  'authorization.k8s.io/subjectaccessreviews': ['create'],
  'authorization.k8s.io/localsubjectaccessreviews': ['create'],
  'certificates.k8s.io/certificatesigningrequests': ['create', ...reads],
};

/** Verbs on the object that bears the node's name. */
const onOwnName: Readonly<Record<string, readonly string[]>> = {
  '/nodes': ['update', 'patch', 'delete'],
  '/nodes/status': ['update', 'patch'],
  'storage.k8s.io/csinodes': ['get', ...writes],
  'coordination.k8s.io/leases': ['get', ...writes],
  [`${agentGroup}/nodes/poll`]: ['create'],
  [`${agentGroup}/nodes/token`]: ['create'],
};

/** Verbs on pods that are bound to the node; what is not bound to anyone may be created as a mirror (NodeRestriction looks). */
const onOwnPods: Readonly<Record<string, readonly string[]>> = {
  '/pods': ['delete', 'update', 'patch'],
  '/pods/status': ['update', 'patch'],
};

/** Verbs on what the node's pods name. */
const onNamed: Readonly<Record<string, { readonly verbs: readonly string[]; readonly what: keyof PodReferences }>> = {
  '/configmaps': { verbs: reads, what: 'configMaps' },
  '/secrets': { verbs: reads, what: 'secrets' },
  '/persistentvolumeclaims': { verbs: ['get'], what: 'claims' },
  '/serviceaccounts': { verbs: ['get'], what: 'serviceAccounts' },
  '/serviceaccounts/token': { verbs: ['create'], what: 'serviceAccounts' },
};

const yes: AuthorizationDecision = { allowed: true, reason: '' };
const no = (reason = ''): AuthorizationDecision => ({ allowed: false, reason });

const resourceOf = ({ group, resource, subresource }: RequestAttributes): string =>
  `${group}/${resource}${subresource === '' ? '' : `/${subresource}`}`;

export function createNodeAuthorizer({ podsOfNode, view }: NodeAuthorizerOptions): Authorizer {
  /** An object of its name that a node may touch; leases only where heartbeats live. */
  const isOwn = (nodeName: string, { group, namespace, name, verb }: RequestAttributes): boolean => {
    if (group === 'coordination.k8s.io' && namespace !== leaseNamespace) return false;
    // The name of an object to be created is in its body: NodeRestriction looks.
    return name === nodeName || (verb === 'create' && name === '');
  };

  function isOwnPod(nodeName: string, { namespace, name }: RequestAttributes): boolean {
    const pod = view().get({ resource: groupResource(pods), namespace, name })?.object as Pod | undefined;
    // An absent pod answers "not found", which tells no secret.
    return pod === undefined || pod.spec?.nodeName === nodeName;
  }

  return {
    async authorize(user: User, info: RequestAttributes): Promise<AuthorizationDecision> {
      const nodeName = nodeOf(user);
      if (nodeName === undefined || !info.isResource) return no();
      const resource = resourceOf(info);
      if (onAll[resource]?.includes(info.verb) === true) return yes;
      if (info.group === agentGroup && info.resource === 'relays') return yes;
      if (onOwnName[resource]?.includes(info.verb) === true && isOwn(nodeName, info)) return yes;
      if (onOwnPods[resource]?.includes(info.verb) === true && isOwnPod(nodeName, info)) return yes;
      const named = onNamed[resource];
      if (named?.verbs.includes(info.verb) !== true) return no();
      if (info.name === '') return no('No Object name found');
      if (podsOfNode.names(nodeName, named.what, info.namespace, info.name)) return yes;
      return no(`no relationship found between node '${nodeName}' and this object`);
    },
  };
}
