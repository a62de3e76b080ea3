import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import { DeploymentError, deploymentOf } from './deployment.ts';

const chosen = (context: Readonly<Record<string, unknown>>): ReturnType<typeof deploymentOf> => deploymentOf((name) => context[name]);

test('without a word there is one cluster behind a Web Function, with a ceiling for everything', () => {
  assert.deepEqual(chosen({}), {
    stackName: 'Hibernetes',
    isProtected: false,
    clusters: ['default'],
    host: 'web-function',
    customerKey: false,
    administrators: [],
    admission: undefined,
    audit: undefined,
    networks: defaultNetworks,
    adopted: undefined,
    hasAlarms: true,
    alarmEmail: undefined,
    hasDashboard: true,
    logDays: 14,
    limits: {
      concurrency: 10,
      apiEnvironments: 4,
      apiRequestsPerSecond: 1000,
      tableReadsPerSecond: 12_000,
      tableWritesPerSecond: 4000,
    },
    nodes: undefined,
  });
});

test('a Function URL needs an instance for each request under way', () => {
  assert.equal(chosen({ host: 'function-url' }).limits.apiEnvironments, 100);
});

test('a stack without alarms takes no address for their mail', () => {
  assert.equal(chosen({ alarms: 'none' }).hasAlarms, false);
  assert.throws(() => chosen({ alarms: 'none', alarmEmail: 'jane@example.com' }), DeploymentError);
});

const left = {
  table: 'Former-Table-1',
  tableStream: 'arn:aws:dynamodb:eu-west-1:111122223333:table/Former-Table-1/stream/2026-11-30T12:00:00.000',
  envelopeSecret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:Former-Key-1-abcdef',
};

test('a table is adopted with its stream and with what unseals it', () => {
  const { table, tableStream: stream, envelopeSecret } = left;
  assert.deepEqual(chosen(left).adopted, { table, stream, envelopeSecret });
});

for (const [why, wrong] of Object.entries({
  'without its stream': { tableStream: undefined },
  'with the stream of another': { table: 'Other' },
  'without its secret': { envelopeSecret: undefined },
  'to be encrypted anew': { key: 'customer' },
}))
  test(`a table is not adopted ${why}`, () => {
    assert.throws(() => chosen({ ...left, ...wrong }), DeploymentError);
  });

test('numbers come as text from a command line and as numbers from cdk.json', () => {
  const nodes = { count: 3, architecture: 'arm64', instanceType: 't4g.small', image: undefined, cluster: 'default' };
  assert.deepEqual(chosen({ nodes: '3' }).nodes, nodes);
  assert.equal(chosen({ nodes: 3, nodeArchitecture: 'x86_64' }).nodes?.instanceType, 't3.small');
});

test('lists are separated by commas, or are lists', () => {
  assert.deepEqual(chosen({ clusters: 'default, staging' }).clusters, ['default', 'staging']);
  assert.deepEqual(chosen({ clusters: ['a', 'b'] }).clusters, ['a', 'b']);
});

test('young accounts can reserve nothing', () => {
  assert.equal(chosen({ concurrency: 'none' }).limits.concurrency, undefined);
});

const refusals: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
  [{ host: 'alb' }, 'host: one of web-function, function-url, not alb'],
  [{ clusters: '' }, 'clusters: 1 to 50 share a stack; deploy the others as stacks of their own (-c stack=NAME)'],
  [{ clusters: 'a,a' }, 'clusters: each name once'],
  [{ clusters: 'a.b' }, 'clusters: a.b: must not contain dots'],
  [{ administrators: 'me' }, 'administrators: me is not the ARN of an IAM role or user'],
  [{ nodes: 'many' }, 'nodes: a whole number, 0 or more'],
  [{ nodes: 501 }, 'nodes: 500 at most'],
  [{ nodes: 1, nodeCluster: 'other' }, 'nodeCluster: one of default, not other'],
  [{ logDays: 8 }, 'logDays: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, not 8'],
  [{ apiEnvironments: 1 }, 'apiEnvironments: a whole number, 2 or more'],
  [{ podCidr: '10.0.128.0/17' }, "podCidr: 10.0.128.0/17 overlaps with the nodes' network, 10.0.0.0/16"],
  [{ serviceCidr: '10.244.0.0/20' }, "serviceCidr: 10.244.0.0/20 overlaps with the pods' network, 10.244.0.0/16"],
  [{ auditPolicyFile: '/dev/null' }, `auditPolicyFile: failed decoding: Object 'Kind' is missing in 'null'`],
  [{ auditPolicyFile: '/nowhere.yaml' }, "auditPolicyFile: ENOENT: no such file or directory, open '/nowhere.yaml'"],
  [{ auditLogDays: 8 }, 'auditLogDays: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, not 8'],
  [{ stack: {} }, 'stack: a text'],
];

for (const [context, message] of refusals) {
  test(`refuses ${JSON.stringify(context)}`, () => {
    assert.throws(() => chosen(context), new DeploymentError(message));
  });
}
