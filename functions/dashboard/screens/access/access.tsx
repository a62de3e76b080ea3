/** What its user may do, and who else may do what. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { kindNamed } from '../../api/kinds.ts';
import { listOf } from '../../api/objects.ts';
import { readRights } from '../../api/rights.ts';
import type { ResourceRule, Rights } from '../../api/rules.ts';
import { useApp } from '../../app-context.ts';
import { sentenceOf } from '../../parts/hooks.ts';
import { type Holder, type Policy, whoCan } from './who-can.ts';

const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const group = 'rbac.authorization.k8s.io';

async function readPolicy(): Promise<Policy> {
  const list = <T extends Policy[keyof Policy][number]>(resource: string): Promise<readonly T[]> =>
    listOf<T>(`/apis/${group}/v1/${resource}`);
  const [clusterRoles, clusterRoleBindings, roles, roleBindings] = await Promise.all([
    list<Policy['clusterRoles'][number]>('clusterroles'),
    list<Policy['clusterRoleBindings'][number]>('clusterrolebindings'),
    list<Policy['roles'][number]>('roles'),
    list<Policy['roleBindings'][number]>('rolebindings'),
  ]);
  return { clusterRoles, clusterRoleBindings, roles, roleBindings };
}

export function AccessScreen(): JSX.Element {
  const { route, notifyError } = useApp();
  const namespace = route.namespace || 'default';
  const [rights, setRights] = useState<Rights>();
  useEffect(() => {
    const ending = new AbortController();
    readRights(namespace, ending.signal).then(setRights, (error: unknown) => {
      if (!ending.signal.aborted) notifyError(error);
    });
    return () => ending.abort();
  }, [namespace]);
  return (
    <section class="screen access">
      <header class="bar">
        <h1>Access in {namespace}</h1>
      </header>
      <div class="parts">
        <WhoCan namespace={namespace} />
        <section class="part">
          <h2>What you can do</h2>
          {rights?.incomplete === true ? <p class="muted">The API names only some of it.</p> : null}
          <Rules rules={rights?.resourceRules ?? []} />
        </section>
      </div>
    </section>
  );
}

const Rules = ({ rules }: { rules: readonly ResourceRule[] }): JSX.Element => (
  <table>
    <thead>
      <tr>
        <th scope="col">Resources</th>
        <th scope="col">Verbs</th>
        <th scope="col">Names</th>
      </tr>
    </thead>
    <tbody>
      {rules.map(({ verbs: may, apiGroups = [], resources = [], resourceNames = [] }, index) => (
        <tr key={index}>
          <td>{resources.map((resource) => [resource, ...apiGroups.filter((one) => one !== '')].join('.')).join(', ')}</td>
          <td>{may.join(', ')}</td>
          <td>{resourceNames.join(', ')}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

function WhoCan({ namespace }: { namespace: string }): JSX.Element {
  const { kinds } = useApp();
  const [verb, setVerb] = useState('delete');
  const [id, setId] = useState('pods');
  const [policy, setPolicy] = useState<Policy>();
  const [problem, setProblem] = useState('');
  useEffect(() => void readPolicy().then(setPolicy, (error: unknown) => setProblem(sentenceOf(error))), []);
  const kind = kindNamed(kinds, id);
  const holders =
    policy === undefined || kind === undefined
      ? []
      : whoCan(policy, { verb, group: kind.group, resource: kind.resource, name: '' }, kind.isNamespaced ? namespace : '');
  return (
    <section class="part">
      <h2>Who can …</h2>
      <div class="bar">
        <select aria-label="Verb" value={verb} onChange={({ currentTarget }) => setVerb(currentTarget.value)}>
          {verbs.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <select aria-label="Kind" value={id} onChange={({ currentTarget }) => setId(currentTarget.value)}>
          {kinds.map((one) => (
            <option key={one.id}>{one.id}</option>
          ))}
        </select>
      </div>
      {problem === '' ? <Holders holders={holders} /> : <p class="problem">{problem}</p>}
    </section>
  );
}

const Holders = ({ holders }: { holders: readonly Holder[] }): JSX.Element => (
  <table aria-label="Who can">
    <tbody>
      {holders.map(({ kind, name, by }) => (
        <tr key={`${kind}/${name}/${by}`}>
          <th scope="row">{name}</th>
          <td>{kind}</td>
          <td class="muted">{by}</td>
        </tr>
      ))}
    </tbody>
  </table>
);
