/** `npm run compare access`: the access matrix of upstream's kube-apiserver and of ours, and where the two differ. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ClusterRole, ClusterRoleBinding } from '../../functions/kube/generated/types.ts';
import { prepareIdentities, signingPartsOf } from './access/identities.ts';
import { accessMatrix, soundOf, type Verdict } from './access/matrix.ts';
import { idOf, type Operation, publishedOperations } from './access/operations.ts';
import { fetchJson } from './cases/kinds.ts';
import { connectApi } from './servers/api-connection.ts';
import { withBothServers } from './servers/both.ts';
import type { RunningServer } from './servers/upstream.ts';

const optionTypes = {
  /** Only operations whose method and path hold this. */
  only: { type: 'string', default: '' },
  show: { type: 'string', default: '40' },
  out: { type: 'string' },
  cache: { type: 'string', default: join(import.meta.dirname, '../../.cache') },
  'kube-apiserver': { type: 'string' },
  etcd: { type: 'string' },
} as const;

interface Difference {
  readonly upstream: Verdict;
  readonly ours: Verdict;
}

export async function compareAccess(args: readonly string[]): Promise<number> {
  const { values: options } = parseArgs({ args: [...args], options: optionTypes });
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const places = { cache: options.cache, kubeApiserver: options['kube-apiserver'], etcd: options.etcd };
  return withBothServers(places, print, async (upstream, ours) => {
    const [theirs, own] = await Promise.all([upstream, ours].map(operationsOf));
    const ownIds = new Set((own ?? []).map(idOf));
    const missing = (theirs ?? []).filter((one) => !ownIds.has(idOf(one)));
    const both = (theirs ?? []).filter((one) => ownIds.has(idOf(one)) && idOf(one).includes(options.only));
    const ofUpstream = await matrixOf(upstream, both);
    const ofOurs = await matrixOf(ours, both);
    const pairs = ofUpstream.flatMap((verdict, index): Difference[] => {
      const same = ofOurs[index];
      return same === undefined ? [] : [{ upstream: verdict, ours: same }];
    });
    const differing = pairs.filter((pair) => soundOf(pair.upstream) !== soundOf(pair.ours));
    const otherTexts = pairs.filter((pair) => soundOf(pair.upstream) === soundOf(pair.ours) && pair.upstream.refusal !== pair.ours.refusal);
    for (const difference of differing.slice(0, Number(options.show))) print(lineOf(difference));
    for (const { upstream: a, ours: b } of otherTexts.slice(0, Number(options.show)))
      print(`${a.identity}: ${a.method} ${a.path}\n  ${a.refusal}\n  ${b.refusal}`);
    const roles = await roleDifferences(upstream, ours);
    for (const line of roles) print(line);
    print(tableOf(pairs, differing));
    print(
      `${both.length} operations, ${pairs.length} questions; verdicts that differ: ${differing.length}; texts: ${otherTexts.length}; roles: ${roles.length}`,
    );
    if (missing.length > 0) print(`only upstream publishes ${missing.length}: ${missing.slice(0, 10).map(idOf).join(', ')}`);
    if (options.out !== undefined) writeFileSync(options.out, JSON.stringify(differing, null, 1));
    return differing.length + otherTexts.length + roles.length === 0 ? 0 : 1;
  });
}

/** What ours grants beyond upstream's, and why. */
const argued: Readonly<Record<string, ReadonlySet<string>>> = {
  // Ours approves what a node asks for its own address; upstream leaves that to others.
  'clusterroles//system:controller:certificate-controller': new Set(['approve signers.certificates.k8s.io[kubernetes.io/kubelet-serving]']),
  // Upstream's kube-apiserver makes the ConfigMap that its controller reads.
  'clusterroles//system:controller:legacy-service-account-token-cleaner': new Set(['create configmaps.']),
};

/** Roles with which both begin, and whose rules are not the same. */
async function roleDifferences(upstream: RunningServer, ours: RunningServer): Promise<readonly string[]> {
  const [theirs, own] = await Promise.all([upstream, ours].map(rolesOf));
  return [...(theirs ?? new Map<string, ReadonlySet<string>>())].flatMap(([name, rules]) => {
    const same = own?.get(name);
    if (same === undefined) return [`role ${name}: only upstream has it`];
    const less = [...rules].filter((rule) => !same.has(rule));
    const more = [...same].filter((rule) => !rules.has(rule) && argued[name]?.has(rule) !== true);
    return less.length + more.length === 0
      ? []
      : [`role ${name}: lacks ${less.join(', ') || 'nothing'}; has too much: ${more.join(', ') || 'nothing'}`];
  });
}

/** By kind, namespace and name: what its rules grant, each verb of each resource alone, or whom it binds. */
async function rolesOf({ address }: RunningServer): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const api = connectApi(address);
  try {
    const lists = roleKinds.map(async (kind) => {
      const { items } = await fetchJson<{ items: readonly RoleObject[] }>(api, `/apis/rbac.authorization.k8s.io/v1/${kind}`);
      return items.map((item) => [`${kind}/${item.metadata.namespace ?? ''}/${item.metadata.name}`, grantsOf(item)] as const);
    });
    return new Map((await Promise.all(lists)).flat());
  } finally {
    api.close();
  }
}

const roleKinds = ['clusterroles', 'roles', 'clusterrolebindings', 'rolebindings'];
type RoleObject = Pick<ClusterRole & ClusterRoleBinding, 'aggregationRule' | 'rules' | 'subjects'> & {
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

function grantsOf({ aggregationRule, rules, subjects }: RoleObject): ReadonlySet<string> {
  // A controller adds those up, and none runs here.
  if (aggregationRule !== undefined) return new Set([JSON.stringify(aggregationRule)]);
  const granted = (rules ?? []).flatMap((rule) => {
    const names = rule.resourceNames?.map((name) => `[${name}]`) ?? [''];
    const resources = (rule.resources ?? []).flatMap((resource) =>
      (rule.apiGroups ?? []).flatMap((group) => names.map((name) => `${resource}.${group}${name}`)),
    );
    return rule.verbs.flatMap((verb) => [...resources, ...(rule.nonResourceURLs ?? [])].map((what) => `${verb} ${what}`));
  });
  return new Set([...granted, ...(subjects ?? []).map(({ kind, name, namespace = '' }) => `${kind} ${namespace}/${name}`)]);
}

async function operationsOf({ address }: RunningServer): Promise<readonly Operation[]> {
  const api = connectApi(address);
  try {
    return await publishedOperations(api);
  } finally {
    api.close();
  }
}

async function matrixOf({ address, signingKeyPem }: RunningServer, operations: readonly Operation[]): Promise<readonly Verdict[]> {
  const admin = connectApi(address);
  const asked = connectApi({ ...address, headers: {} });
  try {
    return await accessMatrix(asked, await prepareIdentities(admin, address.headers, signingPartsOf(signingKeyPem)), operations);
  } finally {
    for (const api of [admin, asked]) api.close();
  }
}

const lineOf = ({ upstream: a, ours: b }: Difference): string =>
  `${a.identity}: ${a.method} ${a.path}: ${a.status} → ${b.status} ${a.refusal}${a.refusal !== '' && b.refusal !== '' ? ' → ' : ''}${b.refusal}`;

function tableOf(pairs: readonly Difference[], differing: readonly Difference[]): string {
  const names = [...new Set(pairs.map(({ upstream }) => upstream.identity))];
  const count = (list: readonly Difference[], name: string, sound?: string): string =>
    String(
      list.filter(({ upstream }) => upstream.identity === name && (sound === undefined || soundOf(upstream) === sound)).length,
    ).padStart(7);
  const rows = names.map((name) =>
    [name.padEnd(14), ...['let in', '401', '403'].map((sound) => count(pairs, name, sound)), count(differing, name)].join(' '),
  );
  return ['identity        let in     401     403  differ', ...rows].join('\n');
}
