/**
 * Who is let in where: every identity asks for every published operation in its own namespace, in another's and in one
 * that does not exist. What is expected is derived from the roles alone. `npm run compare access` asks kube-apiserver the same.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { ClusterRole, PolicyRule } from '../../functions/kube/generated/types.ts';
import type { User } from '../../functions/apiserver/ports.ts';
import { type Identity, prepareIdentities, signingPartsOf } from '../compare/access/identities.ts';
import { accessMatrix, soundOf, type Verdict } from '../compare/access/matrix.ts';
import { publishedOperations, type Sender } from '../compare/access/operations.ts';
import type { ReceivedAnswer, SentRequest } from '../compare/servers/api-connection.ts';
import { administrator, type RbacCluster, rbacCluster } from '../support/rbac-cluster.ts';

/** Wrong credentials are 401 before it is read what is asked for. */
const unknown = ['expired', 'revoked', 'other cluster'];

const ofEveryone = ['system:basic-user', 'system:discovery', 'system:public-info-viewer'];
const ofAccounts = [...ofEveryone, 'system:service-account-issuer-discovery', 'system:cluster-trust-bundle-discovery'];
const view = ['system:aggregate-to-view'];
const edit = [...view, 'system:aggregate-to-edit'];
const admin = [...edit, 'system:aggregate-to-admin'];

const rolesOf: Readonly<Record<string, { readonly everywhere: readonly string[]; readonly inOwn: readonly string[] }>> = {
  anonymous: { everywhere: ['system:public-info-viewer'], inOwn: [] },
  view: { everywhere: ofAccounts, inOwn: view },
  edit: { everywhere: ofAccounts, inOwn: edit },
  admin: { everywhere: ofAccounts, inOwn: admin },
  bootstrap: { everywhere: [...ofEveryone, 'hibernetes:node-joiner'], inOwn: [] },
};

/** Single objects that belong to one node, by what its pods name or by their own name. */
const isOfOneNode = ({ resource, name, verb }: Attributes): boolean =>
  name !== '' &&
  ['get', 'list', 'watch'].includes(verb) &&
  ['secrets', 'configmaps', 'persistentvolumeclaims', 'persistentvolumes', 'pods', 'nodes', 'serviceaccounts', 'csinodes'].includes(
    resource,
  );

const node: User = { name: 'system:node:own', groups: ['system:nodes', 'system:authenticated'] };

const sentBy = (cluster: RbacCluster): Sender => {
  const asNode = senderAs(cluster, node);
  return { send: (request) => (isOfNode(request) ? asNode.send(request) : sent(request, cluster.fetch)) };
};

const isOfNode = ({ headers }: SentRequest): boolean => headers['impersonate-user'] === node.name;

const senderAs = (cluster: RbacCluster, user: User): Sender => ({
  async send({ method, path, headers, body }) {
    const { status, text } = await cluster.as(user).send(method, path, body === undefined ? undefined : JSON.parse(body), headers);
    return { status, text, headers: {}, warnings: [] };
  },
});

async function sent({ method, path, headers, body }: SentRequest, fetch: RbacCluster['fetch']): Promise<ReceivedAnswer> {
  const response = await fetch(new Request(`https://api${path}`, { method, headers, ...(body === undefined ? {} : { body }) }));
  return { status: response.status, text: await response.text(), headers: {}, warnings: [] };
}

async function rulesOf(cluster: RbacCluster, names: readonly string[]): Promise<readonly PolicyRule[]> {
  const roles = names.map(async (name) => {
    const { text } = await cluster.as(administrator).send('GET', `/apis/rbac.authorization.k8s.io/v1/clusterroles/${name}`);
    return (JSON.parse(text) as ClusterRole).rules ?? [];
  });
  return (await Promise.all(roles)).flat();
}

interface Attributes {
  readonly verb: string;
  readonly path: string;
  readonly namespace: string;
  readonly group: string;
  /** The resource; empty where the path is no resource. */
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
}

/** OPTIONS has none, so that no rule covers it. */
const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', OPTIONS: '' };
const ofNamespaces = ['status', 'finalize'];

/** Read from the path apart from the server's reading of it. */
function attributesOf({ method, path: asked }: Verdict): Attributes {
  const [path = '', query = ''] = asked.split('?');
  const parts = path.split('/').filter((part) => part !== '');
  const isCore = parts[0] === 'api';
  const rest = parts.slice(isCore ? 2 : 3);
  if (!['api', 'apis'].includes(parts[0] ?? '') || rest.length === 0)
    return { verb: method.toLowerCase(), path, namespace: '', group: '', resource: '', subresource: '', name: '' };
  const isInside = rest[0] === 'namespaces' && rest[2] !== undefined && !ofNamespaces.includes(rest[2]);
  const [resource = '', name = '', subresource = ''] = isInside ? rest.slice(2) : rest;
  const reading = query.includes('watch=true') ? 'watch' : name === '' ? 'list' : 'get';
  const verb = verbs[method] ?? (method === 'DELETE' ? (name === '' ? 'deletecollection' : 'delete') : reading);
  const namespace = isInside ? (rest[1] ?? '') : resource === 'namespaces' ? name : '';
  return { verb, path, namespace, group: isCore ? '' : (parts[1] ?? ''), resource, subresource, name };
}

function covers(rule: PolicyRule, { verb, path, group, resource, subresource }: Attributes): boolean {
  if (!rule.verbs.some((one) => one === '*' || one === verb)) return false;
  if (resource === '')
    return rule.nonResourceURLs?.some((url) => url === path || (url.endsWith('/*') && path.startsWith(url.slice(0, -1)))) === true;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return rule.apiGroups?.includes(group) === true && rule.resources?.includes(full) === true;
}

const lineOf = ({ method, path, status, refusal }: Verdict): string => `${method} ${path}: ${status} ${refusal}`;

describe('the access matrix', () => {
  let verdicts: readonly Verdict[];
  let cluster: RbacCluster;
  const of = (name: string): readonly Verdict[] => verdicts.filter(({ identity }) => identity === name);

  before(async () => {
    cluster = await rbacCluster();
    const admin = senderAs(cluster, administrator);
    const operations = await publishedOperations(admin);
    assert.ok(operations.length > 700);
    const identities = await prepareIdentities(admin, {}, signingPartsOf(cluster.signingKeyPem));
    const isUnknown = ({ name }: Identity): boolean => unknown.includes(name);
    const known = identities.filter((identity) => !isUnknown(identity) && identity.name !== 'signed anew');
    const once = operations.filter(({ method }) => method === 'GET' || method === 'POST');
    verdicts = [
      ...(await accessMatrix(sentBy(cluster), known, operations)),
      ...(await accessMatrix(sentBy(cluster), identities.filter(isUnknown), once, ['own'])),
    ];
  });

  for (const identity of unknown) {
    test(`a token that is ${identity} gets 401 everywhere`, () => {
      assert.deepEqual([...new Set(of(identity).map(soundOf))], ['401']);
    });
  }

  for (const [identity, roles] of Object.entries(rolesOf)) {
    test(`lets ${identity} in where its roles do, and nowhere else`, async () => {
      const [everywhere, inOwn] = await Promise.all([rulesOf(cluster, roles.everywhere), rulesOf(cluster, roles.inOwn)]);
      const wrong = of(identity).filter((verdict) => {
        const asked = attributesOf(verdict);
        const isExpected =
          everywhere.some((rule) => covers(rule, asked)) || (asked.namespace === 'own' && inOwn.some((rule) => covers(rule, asked)));
        return soundOf(verdict) !== (isExpected ? 'let in' : '403');
      });
      assert.deepEqual(wrong.map(lineOf), []);
      assert.ok(of(identity).length > 1000);
    });
  }

  test('lets a node in at most where its role does, and to nothing of another node', async () => {
    const rules = await rulesOf(cluster, ['system:node', ...ofEveryone]);
    const letIn = of('node').filter((verdict) => soundOf(verdict) === 'let in');
    assert.deepEqual(letIn.filter((verdict) => !rules.some((rule) => covers(rule, attributesOf(verdict)))).map(lineOf), []);
    const ofOthers = letIn.filter((verdict) => verdict.place === 'other' && isOfOneNode(attributesOf(verdict)));
    assert.deepEqual(ofOthers.map(lineOf), []);
    const own = letIn.filter((verdict) => verdict.place === 'own' && isOfOneNode(attributesOf(verdict)));
    for (const resource of ['secrets', 'configmaps', 'persistentvolumeclaims', 'pods', 'nodes'])
      assert.ok(
        own.some((verdict) => attributesOf(verdict).resource === resource),
        resource,
      );
  });
});
