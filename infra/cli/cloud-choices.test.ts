/** What the commands for AWS decide without asking anybody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { Choices } from '../aws/deployment.ts';
import { CliError } from './cli-error.ts';
import { cdkError, deployCommand } from './cloud-cdk.ts';
import { recoveryOf } from './cloud-recovery.ts';
import { cloudKubeconfig } from './cloud-kubeconfig.ts';
import { ownProgram } from './own-program.ts';
import { needsImage } from './cloud-image.ts';
import { withNodeRole } from './cloud-nodes.ts';
import { clusterOf, type CloudCluster, type CloudStack } from './cloud-stack.ts';
import type { ClusterHome } from './cluster-home.ts';
import { refuseName } from './cluster.ts';
import { checkChoices, choicesOf, refuseOtherDefault, refuseOtherNetworks, refuseBusy, type DeployOptions } from './deploy.ts';

const session = 'arn:aws:sts::111122223333:assumed-role/Admin/jane';
const adminRole = 'arn:aws:iam::111122223333:role/Admin';
const options = (rest: Partial<DeployOptions> = {}): DeployOptions => ({ stack: 'S', dataDir: '/d', ...rest });

const cluster = (name: string, nodeRole?: string): CloudCluster => ({
  name,
  endpoint: `https://${name}`,
  iamClusterId: `${name}-1`,
  nodeRole,
});
const stack = (rest: Partial<CloudStack> = {}): CloudStack => ({
  name: 'S',
  status: 'UPDATE_COMPLETE',
  isProtected: true,
  table: 't',
  envelopeSecret: undefined,
  choices: {},
  endpoint: 'https://host',
  iamScope: '1',
  nodeRole: 'role',
  ...rest,
});
const refusal = (message: string, cure?: string) => (error: unknown) => {
  assert.ok(error instanceof CliError);
  assert.deepEqual([error.message, error.cure], [message, cure]);
  return true;
};

test('who deploys is an administrator, by role and not by session, and what was chosen before stays', () => {
  assert.deepEqual(choicesOf({}, options(), session), { administrators: adminRole });
  const before: Choices = { nodes: '3', host: 'function-url', administrators: 'arn:aws:iam::111122223333:user/ann' };
  assert.deepEqual(choicesOf(before, options({ nodes: 0, cluster: ['a', 'b'] }), session), {
    nodes: '0',
    host: 'function-url',
    clusters: 'a,b',
    administrators: `arn:aws:iam::111122223333:user/ann,${adminRole}`,
  });
});

test('machines keep the image that the first of them had, until another is asked for or the processors change', () => {
  const pinned: Choices = { nodes: '2', nodeImage: 'ami-00000001' };
  assert.equal(needsImage({}, { nodes: '2' }), true);
  assert.equal(needsImage({}, { nodes: '0' }), false);
  assert.equal(needsImage(pinned, { ...pinned, nodes: '3' }), false);
  assert.equal(needsImage(pinned, { ...pinned, nodeImage: 'latest' }), true);
  assert.equal(needsImage(pinned, { ...pinned, nodeArchitecture: 'x86_64' }), true);
  assert.equal(needsImage(pinned, { ...pinned, nodeArchitecture: 'x86_64', nodeImage: 'ami-00000002' }), false);
});

test('a role is named without its path, as tokens name it', () => {
  const admin = ['arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Ops'];
  assert.equal(choicesOf({}, options({ admin }), session).administrators, `arn:aws:iam::111122223333:role/Ops,${adminRole}`);
});

test('all other choices of the CDK app can be made, and nothing else', () => {
  const context = ['concurrency=none', 'alarmEmail=a=b@example.com'];
  assert.deepEqual(choicesOf({ logDays: '7', concurrency: '5' }, options({ context }), session), {
    logDays: '7',
    concurrency: 'none',
    alarmEmail: 'a=b@example.com',
    administrators: adminRole,
  });
  for (const text of ['stack=other', 'concurrency', ''])
    assert.throws(() => choicesOf({}, options({ context: [text] }), session), CliError);
});

test('the root user deploys nothing', () => {
  assert.throws(() => choicesOf({}, options(), 'arn:aws:iam::111122223333:root'), CliError);
});

test('what the CDK app would refuse is refused in a sentence', async () => {
  await assert.rejects(checkChoices({ clusters: 'a,a' }, 'S'), refusal('That cannot be deployed: clusters: each name once.'));
});

test('another cluster than before is not put at the root', () => {
  const before = stack({ choices: { clusters: 'blue,staging' } });
  refuseOtherDefault(before, { clusters: 'blue' });
  refuseOtherDefault(undefined, { clusters: 'green' });
  assert.throws(
    () => refuseOtherDefault(before, { clusters: 'staging, blue' }),
    refusal(
      'The default cluster of the stack is blue, and not staging.',
      '--cluster blue first, and then others; those that are left out stay.',
    ),
  );
});

test('the networks of a stack stay', () => {
  const before = stack({ choices: { podCidr: '10.100.0.0/16' } });
  refuseOtherNetworks(before, { podCidr: '10.100.0.0/16' });
  refuseOtherNetworks(undefined, { podCidr: '10.200.0.0/16' });
  assert.throws(
    () => refuseOtherNetworks(before, { podCidr: '10.200.0.0/16' }),
    refusal('The clusters of the stack have podCidr=10.100.0.0/16, not 10.200.0.0/16.', 'Networks stay; another --stack may have others.'),
  );
});

test('each state in which a stack cannot be changed has its own refusal or recovery', () => {
  const inState = (status: string) => () => refuseBusy(stack({ status }));
  for (const status of ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'REVIEW_IN_PROGRESS']) {
    inState(status)();
    assert.equal(recoveryOf(stack({ status })), undefined);
  }
  assert.throws(inState('UPDATE_IN_PROGRESS'), /is being changed \(UPDATE_IN_PROGRESS\)/);
  assert.equal(recoveryOf(stack({ status: 'UPDATE_ROLLBACK_FAILED' })), 'roll back');
  for (const status of ['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED'])
    assert.equal(recoveryOf(stack({ status })), 'delete');
});

const target = { stack: 'S', region: 'eu-west-1', account: '1', choices: { clusters: 'a,b' } };

test('choices become words for cdk', () => {
  const choices = ['--context', 'stack=S', '--context', 'clusters=a,b'];
  assert.deepEqual(deployCommand(target).slice(-5), ['events', ...choices]);
  assert.deepEqual(deployCommand({ ...target, isProtected: true }).slice(-6), ['--context', 'protection=on', ...choices]);
});

const failures: readonly (readonly [printed: string, message: string, cure: string])[] = [
  [
    'S | 3/9 | CREATE_FAILED | AWS::Lambda::Function | Specified ReservedConcurrentExecutions for function decreases …',
    'cdk failed: S | 3/9 | CREATE_FAILED | AWS::Lambda::Function | Specified ReservedConcurrentExecutions for function decreases …',
    'The account may run too few functions at once to reserve any: --context concurrency=none reserves none.',
  ],
  [
    'Template format error: Unrecognized resource types: [AWS::Lambda::WebFunction]',
    'cdk failed: Template format error: Unrecognized resource types: [AWS::Lambda::WebFunction]',
    'eu-west-1 has no Web Functions: --host function-url does without.',
  ],
  ['❌  S failed: something new', 'cdk failed: S failed: something new', '/log holds all that it printed.'],
  ['', 'cdk failed: it printed nothing', '/log holds all that it printed.'],
];

for (const [output, message, cure] of failures) {
  test(`cdk’s output gets a cure: ${output}`, () => {
    refusal(
      message,
      cure,
    )(cdkError(['✨  Synthesis time: 5s', ...(output === '' ? [] : [output])].slice(output === '' ? 1 : 0), target, '/log'));
  });
}

test('the kubeconfig holds no secret and no authority: kubectl signs in by this program', () => {
  const text = cloudKubeconfig({ stack: 'S', region: 'eu-west-1', cluster: cluster('default'), profile: 'work' });
  assert.deepEqual(parse(text), {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'S-default', cluster: { server: 'https://default' } }],
    users: [
      {
        name: 'S-default',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: process.execPath,
            args: [ownProgram, 'token', 'iam', '--region', 'eu-west-1', '--cluster-id', 'default-1'],
            env: [{ name: 'AWS_PROFILE', value: 'work' }],
            interactiveMode: 'IfAvailable',
            provideClusterInfo: false,
          },
        },
      },
    ],
    contexts: [{ name: 'S-default', context: { cluster: 'S-default', user: 'S-default' } }],
    'current-context': 'S-default',
  });
});

test('a node’s role is added to the map once, and what is there stays', () => {
  const other = '- rolearn: other\n  username: o\n  groups: []\n';
  const map = withNodeRole({ metadata: { name: 'aws-auth', resourceVersion: '7' }, data: { mapRoles: other, mapUsers: 'u' } }, 'nodes');
  assert.deepEqual(map?.metadata, { name: 'aws-auth', resourceVersion: '7' });
  assert.equal(map.data?.['mapUsers'], 'u');
  assert.deepEqual(parse(map.data?.['mapRoles'] ?? ''), [
    { rolearn: 'other', username: 'o', groups: [] },
    { rolearn: 'nodes', username: 'system:node:{{SessionName}}', groups: ['system:nodes'] },
  ]);
  assert.equal(withNodeRole(map, 'nodes'), undefined);
});

const home = { title: 'the stack S', defaultName: 'default' } as ClusterHome;

test('a new cluster’s name is a DNS label that no other cluster of the stack has', () => {
  const known = [
    { name: 'blue', id: 'blue.x', createdMs: 0 },
    { name: 'old', id: 'old.x', createdMs: 0, deletedMs: 1 },
  ];
  refuseName('green', home, known);
  assert.throws(() => refuseName('blue', home, known), refusal('There is a cluster blue in the stack S already.'));
  assert.throws(() => refuseName('default', home, known), refusal('There is a cluster default in the stack S already.'));
  assert.throws(
    () => refuseName('old', home, known),
    refusal('A cluster old of the stack S is being deleted.', 'hibernetes delete cluster old finishes that.'),
  );
  assert.throws(() => refuseName('a.b', home, known), refusal('a.b is no name for a cluster: must not contain dots.'));
});

test('a stack has room for fifty', () => {
  const known = Array.from({ length: 49 }, (_, index) => ({ name: `c${index}`, id: `c${index}.x`, createdMs: 0 }));
  refuseName('one', home, known.slice(1));
  assert.throws(
    () => refuseName('one', home, known),
    refusal('There are 50 clusters in the stack S, as many as may share it.', 'hibernetes deploy --stack makes another.'),
  );
});

test('the default cluster is at the root, others have a path; machines join one of them', () => {
  const two = stack({ choices: { clusters: 'default,staging', nodes: '1', nodeCluster: 'staging' } });
  assert.deepEqual(clusterOf(two, 'default'), {
    name: 'default',
    endpoint: 'https://host',
    iamClusterId: 'default-1',
    nodeRole: undefined,
  });
  assert.deepEqual(clusterOf(two, 'staging'), {
    name: 'staging',
    endpoint: 'https://host/clusters/staging',
    iamClusterId: 'staging-1',
    nodeRole: 'role',
  });
  assert.throws(
    () => clusterOf(stack({ endpoint: undefined }), 'default'),
    refusal('The functions of the stack S do not stand.', 'hibernetes deploy makes them.'),
  );
});
