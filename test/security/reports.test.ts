/** Whatever a node reports of itself and its pods, it is stored as its kind allows, or refused; it breaks no later reading. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { User } from '../../functions/apiserver/ports.ts';
import { namespaces, nodes, pods, serviceAccounts } from '../../functions/kube/resource-type.ts';
import { definitionOf } from '../../functions/kube/schema-definitions.ts';
import { everyCase } from '../support/every-case.ts';
import { administrator, type Answered, type RbacCluster, rbacCluster } from '../support/rbac-cluster.ts';

const evil: User = { name: 'system:node:evil', groups: ['system:nodes', 'system:authenticated'] };
const poll = '/apis/agent.hibernetes.dev/v1/nodes/evil/poll';

let cluster: RbacCluster;
let uid: string;
before(async () => {
  cluster = await rbacCluster();
  const { client } = cluster;
  await client.create(namespaces, { metadata: { name: 'team' }, spec: {} });
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'team' } });
  await client.create(nodes, { metadata: { name: 'evil' }, spec: {} });
  const pod = await client.create(pods, {
    metadata: { name: 'mine', namespace: 'team' },
    spec: { nodeName: 'evil', containers: [{ name: 'c', image: 'i' }] },
  });
  uid = pod.metadata.uid ?? '';
});

const values: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  'x',
  '',
  'x'.repeat(10_000),
  {},
  { a: 'b' },
  { a: { b: [1] } },
  [],
  [null],
  [1],
  ['x'],
  [[]],
  [{}],
  [{ name: 1 }],
  [{ type: 'Ready' }],
  [{ name: 'c', state: { running: 'x' } }],
  [{ type: 'Ready', status: 'True', lastTransitionTime: 'never' }],
];

const statuses = {
  Node: (status: object) => ({ status }),
  Pod: (status: object) => ({ pods: [{ namespace: 'team', name: 'mine', uid, status }] }),
};

for (const [kind, bodyOf] of Object.entries(statuses)) {
  test(`a status of a ${kind} that is none is no error of the server, and breaks no reading`, async () => {
    const fields = Object.keys(definitionOf(`io.k8s.api.core.v1.${kind}Status`).properties ?? {});
    assert.ok(fields.length > 8);
    const table = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' };
    const path = { Node: '/api/v1/nodes', Pod: '/api/v1/namespaces/team/pods' }[kind] ?? '';
    const reading = (headers = {}): Promise<Answered> => cluster.as(administrator).send('GET', path, undefined, headers);
    await everyCase(
      [...fields, 'unknown', '__proto__'].flatMap((field) => values.map((value) => ({ field, value }))),
      ({ field, value }) => `${field}: ${JSON.stringify(value).slice(0, 60)}`,
      async ({ field, value }) => {
        const status = JSON.parse(`{${JSON.stringify(field)}:${JSON.stringify(value)}}`) as object;
        const answer = await cluster.as(evil).send('POST', poll, { waitSeconds: 0, ...bodyOf(status) });
        assert.ok(answer.status < 500, `${answer.status} ${answer.text.slice(0, 300)}`);
        assert.equal((await reading()).status, 200);
        assert.equal((await reading(table)).status, 200, 'as a table');
        const again = await cluster.as(evil).send('POST', poll, { waitSeconds: 0, ...bodyOf({}) });
        assert.equal(again.status, 200, `the next poll: ${again.text.slice(0, 300)}`);
      },
    );
  });
}
