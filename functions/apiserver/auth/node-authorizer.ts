/**
 * What a node may: its own Node, its pods' status, its heartbeat, and of other objects only what its pods name. What
 * only the object in the body shows is left to NodeRestriction. A refusal is only "no opinion": RBAC may still allow.
 * Source: plugin/pkg/auth/authorizer/node/node_authorizer.go; bootstrappolicy/policy.go, NodeRules.
 */
import { agentGroup } from '../../node-protocol/node-poll.ts';
import type { AuthorizationDecision, Authorizer, RequestAttributes, User } from '../ports.ts';
import { nodeOf } from './groups.ts';
import { type NodeRelationOptions, type NodeRelations, nodeRelations, type Relation } from './node-relations.ts';

const leaseNamespace = 'kube-node-lease';
const reads = ['get', 'list', 'watch'];
const changes = ['update', 'patch'];
const ownObject = ['get', 'create', 'update', 'patch', 'delete'];

/** What a node asks, and what belongs to it. */
interface Question extends RequestAttributes {
  readonly nodeName: string;
  readonly relations: NodeRelations;
}

/** '' allows; a text names the reason against it; undefined has no opinion. */
type Answer = string | undefined;
type Rule = (question: Question) => Answer;

const allow = '';
const may =
  (verbs: readonly string[]): Rule =>
  ({ verb }) =>
    verbs.includes(verb) ? allow : undefined;

const isRelated = (related: Relation, { nodeName, namespace, name }: Question): Answer => {
  if (name === '') return 'No Object name found';
  return related(nodeName, { namespace, name }) ? allow : `no relationship found between node '${nodeName}' and this object`;
};

const related =
  (what: keyof NodeRelations, verbs: readonly string[], otherwise: string): Rule =>
  (question) =>
    verbs.includes(question.verb) ? isRelated(question.relations[what], question) : otherwise;

const onlyIndividual = 'can only get individual resources of this type';
const only = (what: keyof NodeRelations): Rule => related(what, ['get'], onlyIndividual);

/** ConfigMaps and Secrets are watched one by one. */
const readNamespaced =
  (what: keyof NodeRelations): Rule =>
  (question) => {
    if (!reads.includes(question.verb)) return 'can only read resources of this type';
    if (question.namespace === '') return 'can only read namespaced object of this type';
    return isRelated(question.relations[what], question);
  };

/** Objects that bear the node's name. The name of one to be created is in its body. */
const named =
  (verbs: readonly string[], why: { readonly verbs: string; readonly name: string }): Rule =>
  ({ verb, name, nodeName }) => {
    if (!verbs.includes(verb)) return why.verbs;
    return verb === 'create' || name === nodeName ? allow : why.name;
  };

const leaseRule = named(ownObject, {
  verbs: 'can only get, create, update, patch, or delete a node lease',
  name: 'can only access node lease with the same name as the requesting node',
});

const csiNodeRule = named(ownObject, {
  verbs: 'can only get, create, update, patch, or delete a CSINode',
  name: 'can only access CSINode with the same name as the requesting node',
});

/** Lists and watches only of what the selector narrows down to the node. */
const selectsOwn = ({ selectedFields = [], nodeName }: Question, wanted: string): boolean =>
  selectedFields.some(({ field, value }) => field === wanted && value === nodeName);

const nodeRule: Rule = ({ verb, name, nodeName }) => {
  if (verb === 'create' || changes.includes(verb)) return allow;
  if (!reads.includes(verb)) return undefined;
  if (name === nodeName) return allow;
  return `node '${nodeName}' cannot read ${name === '' ? 'all nodes' : `'${name}'`}, only its own Node object`;
};

const podRule: Rule = (question) => {
  const { verb, name, relations } = question;
  if (verb === 'create' || verb === 'delete') return allow;
  if (!reads.includes(verb)) return undefined;
  if (verb === 'get' || (name !== '' && !selectsOwn(question, 'spec.nodeName'))) return isRelated(relations.pods, question);
  return selectsOwn(question, 'spec.nodeName') ? allow : 'can only list/watch pods with spec.nodeName field selector';
};

const sliceRule: Rule = (question) => {
  const { verb, relations } = question;
  if (verb === 'create') return allow;
  if (['get', 'update', 'patch', 'delete'].includes(verb)) return isRelated(relations.slices, question);
  if (!['list', 'watch', 'deletecollection'].includes(verb)) {
    return 'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection';
  }
  return selectsOwn(question, 'spec.nodeName') ? allow : 'can only list/watch/deletecollection resourceslices with nodeName field selector';
};

const certificateRequestRule: Rule = (question) => {
  const { verb, relations } = question;
  if (verb === 'create') return allow;
  if (verb === 'get') return isRelated(relations.certificateRequests, question);
  if (verb !== 'list' && verb !== 'watch') return `nodes may not ${verb} podcertificaterequests`;
  return selectsOwn(question, 'spec.nodeName') ? allow : 'can only list/watch podcertificaterequests with nodeName field selector';
};

const onlyTokens = 'can only create tokens for individual service accounts';
const accountRule: Rule = (question) => (question.verb === 'get' ? readNamespaced('serviceAccounts')(question) : onlyTokens);

const agentRule =
  (verbs: readonly string[]): Rule =>
  ({ verb, name, nodeName }) =>
    verbs.includes(verb) && name === nodeName ? allow : undefined;

/** `group/resource[/subresource]`. What is not here is refused. */
const rules: Readonly<Record<string, Rule>> = {
  '/secrets': readNamespaced('secrets'),
  '/configmaps': readNamespaced('configMaps'),
  '/persistentvolumeclaims': only('claims'),
  '/persistentvolumeclaims/status': related('claims', changes, 'can only get/update/patch this type'),
  // Ours: the node reports that it removed a volume's data.
  '/persistentvolumes': (question) =>
    question.verb === 'update' && isRelated(question.relations.removedVolumes, question) === allow ? allow : only('volumes')(question),
  'resource.k8s.io/resourceclaims': only('resourceClaims'),
  'resource.k8s.io/resourceslices': sliceRule,
  'storage.k8s.io/volumeattachments': only('attachments'),
  'certificates.k8s.io/podcertificaterequests': certificateRequestRule,
  '/serviceaccounts': accountRule,
  '/serviceaccounts/token': related('serviceAccounts', ['create'], onlyTokens),
  'coordination.k8s.io/leases': (question) =>
    ownObject.includes(question.verb) && question.namespace !== leaseNamespace
      ? `can only access leases in the "${leaseNamespace}" system namespace`
      : leaseRule(question),
  'storage.k8s.io/csinodes': csiNodeRule,
  'storage.k8s.io/csinodes/status': () => 'CSINode status access requires CSIVolumeHealth feature',
  '/nodes': nodeRule,
  '/nodes/status': may(changes),
  '/pods': podRule,
  '/pods/status': may(changes),
  '/pods/eviction': may(['create']),
  '/services': may(reads),
  '/endpoints': may(['get']),
  '/events': may(['create', ...changes]),
  'events.k8s.io/events': may(['create', ...changes]),
  'authentication.k8s.io/tokenreviews': may(['create']),
  'authorization.k8s.io/subjectaccessreviews': may(['create']),
  'authorization.k8s.io/localsubjectaccessreviews': may(['create']),
  'certificates.k8s.io/certificatesigningrequests': may(['create', ...reads]),
  'certificates.k8s.io/clustertrustbundles': may(reads),
  'node.k8s.io/runtimeclasses': may(reads),
  'storage.k8s.io/csidrivers': may(reads),
  // Ours: the node's own conversation, and the relays that were asked of it, which the relay room checks.
  [`${agentGroup}/nodes/poll`]: agentRule(['create']),
  [`${agentGroup}/nodes/token`]: agentRule(['create', 'delete']),
  [`${agentGroup}/nodes/listen`]: agentRule(['create']),
  [`${agentGroup}/relays`]: may(['create', 'get']),
  [`${agentGroup}/relays/chunks`]: may(['create', 'get']),
  [`${agentGroup}/relays/entries`]: may(['create']),
};

const resourceOf = ({ group, resource, subresource }: RequestAttributes): string =>
  `${group}/${resource}${subresource === '' ? '' : `/${subresource}`}`;

const onlyRead: Rule = ({ verb }) => (reads.includes(verb) ? 'cannot read subresource' : 'can only read resources of this type');
const onlyGet: Rule = ({ verb }) => (verb === 'get' ? 'cannot get subresource' : onlyIndividual);
const always =
  (why: string): Rule =>
  () =>
    why;

/** Why a subresource that no rule names is refused. */
const subdivided: Readonly<Record<string, Rule>> = {
  '/secrets': onlyRead,
  '/configmaps': onlyRead,
  '/persistentvolumeclaims': onlyGet,
  '/persistentvolumes': onlyGet,
  'resource.k8s.io/resourceclaims': onlyGet,
  'storage.k8s.io/volumeattachments': onlyGet,
  '/serviceaccounts': ({ verb, name }) =>
    verb === 'create' && name !== '' ? 'can only create token subresource of serviceaccount' : onlyTokens,
  'resource.k8s.io/resourceslices': always('cannot authorize ResourceSlice subresources'),
  'storage.k8s.io/csinodes': always('cannot authorize CSINode subresources'),
  'certificates.k8s.io/podcertificaterequests': always('nodes may not access the status subresource of PodCertificateRequests'),
};

function ruleFor(info: RequestAttributes): Rule | undefined {
  const rule = rules[resourceOf(info)];
  return rule === undefined && info.subresource !== '' ? subdivided[`${info.group}/${info.resource}`] : rule;
}

export function createNodeAuthorizer(options: NodeRelationOptions): Authorizer {
  const relations = nodeRelations(options);
  return {
    async authorize(user: User, info: RequestAttributes): Promise<AuthorizationDecision> {
      const nodeName = nodeOf(user);
      if (nodeName === undefined || !info.isResource) return { allowed: false, reason: '' };
      if (nodeName === '') return { allowed: false, reason: `unknown node for user ${JSON.stringify(user.name)}` };
      const why = ruleFor(info)?.({ ...info, nodeName, relations });
      return { allowed: why === allow, reason: why ?? '' };
    },
  };
}
