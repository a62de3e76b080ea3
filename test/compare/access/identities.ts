/** Who asks: the same identities on every server, with what they own there. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { JsonObject } from '../../../functions/kube/object.ts';
import type { Sender } from './operations.ts';
import { placeNames } from './asked.ts';

export interface Identity {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface SigningParts {
  /** The key that signs this server's tokens. */
  readonly own: KeyObject;
  /** What another cluster's would be signed with: of the same sort. */
  readonly foreign: KeyObject;
}

const rbac = 'rbac.authorization.k8s.io';
const bootstrapToken = 'abcdef.0123456789abcdef';
const roles = ['view', 'edit', 'admin'] as const;

/** The other cluster's key is of the same sort: its tokens differ by nothing but who signed them. */
export function signingPartsOf(pem: string): SigningParts {
  const own = createPrivateKey(pem);
  const { privateKey: foreign } =
    own.asymmetricKeyType === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { own, foreign };
}

async function make<T = JsonObject>(api: Sender, path: string, body: object): Promise<T> {
  const request = { method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const { status, text } = await api.send(request);
  // Some servers make what a controller of others makes.
  if (status !== 201 && status !== 409) throw new Error(`POST ${path} was answered with ${status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

const podOn = (name: string): object => ({
  metadata: { name },
  spec: {
    nodeName: name,
    serviceAccountName: 'default',
    automountServiceAccountToken: false,
    containers: [{ name: 'c', image: 'i', envFrom: [{ secretRef: { name } }, { configMapRef: { name } }] }],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }],
  },
});

/** In the namespaces `own` and `other`: a pod of that name on the node of that name, and what it needs. */
async function furnish(admin: Sender): Promise<void> {
  for (const name of placeNames.filter((place) => place !== 'absent')) {
    const at = `/api/v1/namespaces/${name}`;
    await make(admin, '/api/v1/namespaces', { metadata: { name } });
    await make(admin, '/api/v1/nodes', { metadata: { name } });
    for (const account of ['default', name]) await make(admin, `${at}/serviceaccounts`, { metadata: { name: account } });
    await make(admin, `${at}/secrets`, { metadata: { name } });
    await make(admin, `${at}/configmaps`, { metadata: { name } });
    const spec = { accessModes: ['ReadWriteOnce'], volumeName: name, resources: { requests: { storage: '1Gi' } } };
    await make(admin, `${at}/persistentvolumeclaims`, { metadata: { name }, spec });
    await make(admin, `${at}/pods`, podOn(name));
    await make(admin, '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', { metadata: { name }, spec: {} });
  }
}

async function accountToken(admin: Sender, name: string): Promise<string> {
  const at = '/api/v1/namespaces/own/serviceaccounts';
  await make(admin, at, { metadata: { name } });
  const spec = { audiences: [], expirationSeconds: 3600 };
  const { status } = await make<{ status: { token: string } }>(admin, `${at}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec,
  });
  return status.token;
}

/** The parts of which a controller would add up the role: none runs here. */
const partsOf = { view: ['view'], edit: ['view', 'edit'], admin: ['view', 'edit', 'admin'] } as const;

async function bind(admin: Sender, role: keyof typeof partsOf, account: string): Promise<void> {
  for (const part of partsOf[role]) {
    await make(admin, `/apis/${rbac}/v1/namespaces/own/rolebindings`, {
      metadata: { name: `${account}-${part}` },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: `system:aggregate-to-${part}` },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: 'own' }],
    });
  }
}

/** The same claims but for some, signed by `key`. */
function resigned(token: string, key: KeyObject, changed: JsonObject = {}): string {
  const [head = '', body = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as JsonObject;
  const content = `${head}.${Buffer.from(JSON.stringify({ ...claims, ...changed })).toString('base64url')}`;
  const format = key.asymmetricKeyType === 'rsa' ? { key } : { key, dsaEncoding: 'ieee-p1363' as const };
  return `${content}.${sign('sha256', Buffer.from(content), format).toString('base64url')}`;
}

const bearer = (name: string, token: string): Identity => ({ name, headers: { authorization: `Bearer ${token}` } });

/** `admin` sends as the administrator, whose headers are `adminHeaders`. */
export async function prepareIdentities(
  admin: Sender,
  adminHeaders: Identity['headers'],
  { own, foreign }: SigningParts,
): Promise<readonly Identity[]> {
  await furnish(admin);
  const users: Identity[] = [];
  for (const role of roles) {
    const name = `${role}er`;
    users.push(bearer(role, await accountToken(admin, name)));
    await bind(admin, role, name);
  }
  const owner = await accountToken(admin, 'owner');
  await bind(admin, 'admin', 'owner');
  const gone = await accountToken(admin, 'gone');
  await bind(admin, 'admin', 'gone');
  await admin.send({ method: 'DELETE', path: '/api/v1/namespaces/own/serviceaccounts/gone', headers: {} });
  const [id, secret] = bootstrapToken.split('.');
  await make(admin, '/api/v1/namespaces/kube-system/secrets', {
    metadata: { name: `bootstrap-token-${id}` },
    type: 'bootstrap.kubernetes.io/token',
    stringData: { 'token-id': id, 'token-secret': secret, 'usage-bootstrap-authentication': 'true' },
  });
  const node = { ...adminHeaders, 'impersonate-user': 'system:node:own', 'impersonate-group': 'system:nodes' };
  return [
    { name: 'anonymous', headers: {} },
    ...users,
    { name: 'node', headers: node },
    bearer('bootstrap', bootstrapToken),
    bearer('expired', resigned(owner, own, { exp: 1_000_000_000, nbf: 900_000_000, iat: 900_000_000 })),
    bearer('revoked', gone),
    bearer('other cluster', resigned(owner, foreign)),
    // Shows that signing anew is not what the others are refused for.
    bearer('signed anew', resigned(owner, own)),
  ];
}
