/** The commands for AWS as a user gives them. The account and cdk are simulated; a real API verifies the sign-in. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { parse } from 'yaml';
import { testApi, type TestApi } from '../support/api-server.ts';
import { pretendAws, pretendedAccount, type PretendedAws, type PretendedStack } from '../support/pretended-aws.ts';
import { createCertificateAuthority, createServerCertificate } from '../../functions/client/certificates.ts';
import { addressOf } from '../../functions/cloud/cluster-address.ts';
import { createIamUsers } from '../../functions/cloud/iam-users.ts';
import { realWorld } from '../../functions/world.ts';
import { serveHttps, type HttpsServer } from '../../infra/local/https-server.ts';

const iamScope = '51af3dc0-da77-11e4-872e-1234567db123';
const iamClusterId = `default-${iamScope}`;
const nodeRole = `arn:aws:iam::${pretendedAccount.id}:role/Nodes`;
const world = realWorld('error');

describe('a command for AWS', () => {
  let directory: string;
  let aws: PretendedAws;
  let api: TestApi;
  let server: HttpsServer;
  let endpoint: string;

  before(async () => {
    api = await testApi();
    await api.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } });
    const authority = await createCertificateAuthority('test', world.clock);
    const certificate = await createServerCertificate(authority, { commonName: 'api', hosts: ['127.0.0.1'] }, world.clock);
    directory = mkdtempSync(join(tmpdir(), 'cloud-'));
    writeFileSync(join(directory, 'ca.pem'), authority.certificatePem);
    const usersOf = (clusterId: string) =>
      createIamUsers({
        clusterId,
        administrators: [`arn:aws:iam::${pretendedAccount.id}:role/Admin`],
        view: () => ({ revision: 1, get: () => undefined, list: () => [] }),
        world,
        async fetch(request) {
          const isOurs = request.headers.get('x-k8s-aws-id') === clusterId;
          const GetCallerIdentityResult = { Account: pretendedAccount.id, Arn: pretendedAccount.arn, UserId: 'AROA:jane' };
          return Response.json({ GetCallerIdentityResponse: { GetCallerIdentityResult } }, { status: isOurs ? 200 : 403 });
        },
      });
    server = await serveHttps({
      app: {
        async fetch(request) {
          const token = request.headers.get('authorization')?.replace(/^Bearer /, '') ?? '';
          const { pathname, search } = new URL(request.url);
          const { name = 'default', path } = addressOf(pathname);
          if (name !== 'default' && !aws.table.items.has(`#clusters ${name}`))
            return Response.json(
              { kind: 'Status', code: 404, reason: 'NotFound', message: `clusters "${name}" not found` },
              { status: 404 },
            );
          if ((await usersOf(`${name}-${iamScope}`).userOf(token)) === undefined)
            return Response.json({ kind: 'Status', code: 401 }, { status: 401 });
          return api.fetch(path + search, request);
        },
      },
      addresses: [{ host: '127.0.0.1', port: 0 }],
      ...certificate,
      caPem: authority.certificatePem,
      log: world.log,
    });
    endpoint = `https://127.0.0.1:${server.addresses[0]!.port}`;
  });
  beforeEach(async () => {
    rmSync(join(directory, 'words'), { force: true });
    aws = await pretendAws(directory);
  });
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  const standing = (choices: object = {}, rest: Partial<PretendedStack> = {}): PretendedStack => ({
    status: 'CREATE_COMPLETE',
    isProtected: true,
    outputs: {
      TableName: 'made-table',
      Choices: JSON.stringify(choices),
      NodeRole: nodeRole,
      Endpoint: endpoint,
      IamScope: iamScope,
    },
    ...rest,
  });

  async function run(...words: string[]): Promise<{ code: number | null; out: string; error: string }> {
    try {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../infra/cli/main.ts'), ...words], {
        env: { ...process.env, ...aws.environment, NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 60_000,
      });
      let [out, error] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
      const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
      return { code, out, error };
    } finally {
      await aws.close();
    }
  }

  test('deploy runs cdk step by step, signs in, lets the machines join and writes a kubeconfig', async () => {
    aws.cdk = { output: '✨  Synthesis time: 5s\nHibernetes: creating CloudFormation changeset...\n ✅  Hibernetes\n', code: 0 };
    aws.deployed = () => standing({ nodes: '2' });
    const dataDir = join(directory, 'home');
    const { code, out, error } = await run('deploy', '--nodes', '2', '--yes', '--data-dir', dataDir);
    assert.deepEqual([code, error], [0, '']);
    const steps = out.split('\n').filter((line) => line.startsWith('✓'));
    assert.deepEqual(
      steps.map((line) => line.replace(/ \([\d.]+ s\)$/, '')),
      [
        '✓ Bundling the functions and describing the stack',
        '✓ Bringing the code to AWS',
        '✓ Making what is new (minutes, the first time)',
        '✓ Protecting the stack from being deleted',
        '✓ Signing in to cluster default',
        '✓ Letting the machines join',
      ],
    );
    assert.match(out, new RegExp(`Cluster default answers at ${endpoint}. 2 machines join within minutes.`));
    assert.deepEqual(aws.changes, ['protected']);
    const words = aws.cdkWords()!.join(' ');
    assert.doesNotMatch(words, /protection=/);
    assert.match(words, /^deploy Hibernetes --region eu-west-1 /);
    assert.match(
      words,
      /--context stack=Hibernetes --context nodes=2 --context administrators=arn:aws:iam::111122223333:role\/Admin --context nodeImage=ami-0123456789abcdef0$/,
    );

    const gated = parse(readFileSync(join(dataDir, 'aws/Hibernetes/default.kubeconfig'), 'utf8')) as {
      clusters: [{ cluster: { server: string } }];
    };
    assert.match(gated.clusters[0].cluster.server, /^https:\/\/127\.0\.0\.1:\d+$/);
    const file = join(dataDir, 'aws/Hibernetes/default.direct.kubeconfig');
    const { users, clusters } = parse(readFileSync(file, 'utf8')) as { users: [{ user: { exec: { args: string[] } } }]; clusters: unknown };
    assert.deepEqual(clusters, [{ name: 'Hibernetes-default', cluster: { server: endpoint } }]);
    assert.deepEqual(users[0].user.exec.args.slice(-2), ['--cluster-id', iamClusterId]);
    const map = await api.send('GET', '/api/v1/namespaces/kube-system/configmaps/aws-auth');
    assert.deepEqual(parse((map.body as { data: { mapRoles: string } }).data.mapRoles), [
      { rolearn: nodeRole, username: 'system:node:{{SessionName}}', groups: ['system:nodes'] },
    ]);
  });

  test('deploy into an account that is not bootstrapped names the command that prepares it', async () => {
    aws.cdk = {
      output: ' ❌  Hibernetes failed: SSM parameter /cdk-bootstrap/hnb659fds/version not found. Has the environment been bootstrapped?\n',
      code: 1,
    };
    const { code, out, error } = await run('deploy', '--yes', '--data-dir', directory);
    assert.equal(code, 1);
    assert.match(out, /✗ Bundling/);
    assert.equal(
      error,
      'error: cdk failed: Hibernetes failed: SSM parameter /cdk-bootstrap/hnb659fds/version not found. Has the environment been bootstrapped?\n' +
        '  npx cdk bootstrap aws://111122223333/eu-west-1 prepares the account, once for each Region.\n',
    );
  });

  test('deploy asks before it begins, and without a terminal and --yes it deploys nothing', async () => {
    const { error } = await run('deploy', '--data-dir', directory);
    assert.equal(error, 'error: Nobody is here to be asked.\n  --yes goes on without.\n');
    assert.equal(aws.cdkWords(), undefined);
  });

  test('a first deployment that fails leaves no protection, and the next one begins anew', async () => {
    aws.cdk = { output: ' ❌  Hibernetes failed: something new\n', code: 1 };
    const failed = await run('deploy', '--yes', '--data-dir', join(directory, 'again'));
    assert.deepEqual([failed.code, aws.changes], [1, []]);
    rmSync(join(directory, 'words'));
    aws = await pretendAws(directory);
    aws.stack = standing({}, { status: 'ROLLBACK_COMPLETE', outputs: {}, isProtected: false });
    aws.deployed = () => standing();
    const { code, out, error } = await run('deploy', '--yes', '--data-dir', join(directory, 'again'));
    assert.deepEqual([code, error], [0, '']);
    assert.match(
      out,
      /^The stack Hibernetes does not stand \(ROLLBACK_COMPLETE\): what is left of it is deleted first, with its table if that is empty\.\n/,
    );
    assert.match(out, /✓ Deleting what is left of the stack that does not stand/);
    assert.deepEqual(aws.changes, ['deleted', 'protected']);
    assert.deepEqual(aws.table.asked.slice(0, 3), ['Scan', 'UpdateTable', 'DeleteTable']);
  });

  test('the protection of a stack that never stood is lifted once that was agreed to, never before', async () => {
    aws.stack = standing({}, { status: 'ROLLBACK_FAILED', outputs: {} });
    const silent = await run('deploy', '--data-dir', directory);
    assert.match(silent.out, /if that is empty\. Its protection from being deleted is lifted for that\.\n/);
    assert.deepEqual([silent.error, aws.changes], ['error: Nobody is here to be asked.\n  --yes goes on without.\n', []]);
    aws = await pretendAws(directory);
    aws.stack = standing({}, { status: 'ROLLBACK_FAILED', outputs: {} });
    aws.deployed = () => standing();
    aws.table.put('default.1#L', '0');
    const { code, out } = await run('deploy', '--yes', '--data-dir', join(directory, 'lifted'));
    assert.equal(code, 0);
    assert.deepEqual(aws.changes, ['unprotected', 'deleted', 'protected']);
    assert.match(out, /i The table made-table of the failed deployment is not empty and stays\./);
    assert.equal(aws.table.asked.includes('DeleteTable'), false);
  });

  test('what CloudFormation cannot delete is named with its reason, and nothing is deployed', async () => {
    aws.stack = standing({}, { status: 'ROLLBACK_FAILED', outputs: {}, isProtected: false });
    aws.undeletable = { id: 'made-role', reason: 'User: jane is not authorized to perform: iam:DeleteRole' };
    const { code, error } = await run('deploy', '--yes', '--data-dir', directory);
    assert.equal(code, 1);
    assert.match(
      error,
      /^error: The stack Hibernetes stays DELETE_FAILED, for made-role: User: jane is not authorized to perform: iam:DeleteRole\n {2}An administrator/,
    );
    assert.equal(aws.cdkWords(), undefined);
  });

  test('a stack between two states goes back to the former one first, and stays protected', async () => {
    aws.stack = standing({}, { status: 'UPDATE_ROLLBACK_FAILED' });
    aws.deployed = () => standing();
    const { code, out } = await run('deploy', '--yes', '--data-dir', join(directory, 'back'));
    assert.equal(code, 0);
    assert.match(out, /✓ Going back to the former state/);
    assert.deepEqual(aws.changes, ['continued']);
    assert.match(aws.cdkWords()!.join(' '), /--context protection=on --context stack=Hibernetes/);
  });

  test('deploy with expired credentials names AWS’s error and the command that mends it', async () => {
    aws.refusals.set('GetCallerIdentity', { code: 'ExpiredToken', message: 'The security token is expired' });
    const { code, error } = await run('deploy', '--yes');
    assert.equal(code, 1);
    assert.match(error, /^error: AWS does not believe the credentials \(ExpiredToken\): The security token is expired\n {2}aws configure/);
  });

  test('destroy refuses a stack that is protected, and names the command that lifts the protection', async () => {
    aws.stack = standing();
    const { code, error } = await run('destroy', '--yes');
    assert.equal(code, 1);
    assert.equal(
      error,
      'error: The stack Hibernetes is protected from being deleted.\n' +
        '  hibernetes destroy --unprotect --stack Hibernetes --region eu-west-1 lifts the protection, after a question.\n',
    );
  });

  test('destroy lifts the protection when that is wanted', async () => {
    aws.stack = standing();
    aws.deployed = () => undefined;
    const silent = await run('destroy', '--unprotect');
    assert.deepEqual([silent.code, aws.changes], [1, []]);
    aws = await pretendAws(directory);
    aws.stack = standing();
    assert.equal((await run('destroy', '--unprotect', '--yes', '--data-dir', directory)).code, 0);
    assert.deepEqual(aws.changes, ['unprotected']);
    assert.match(aws.cdkWords()!.join(' '), /^destroy Hibernetes /);
  });

  test('destroy prints that the table stays, and the command that deletes it', async () => {
    aws.stack = standing({ clusters: 'default' }, { isProtected: false });
    const { code, out } = await run('destroy', '--yes', '--data-dir', directory);
    assert.equal(code, 0);
    assert.match(out, /The table made-table stays/);
    assert.match(out, /aws dynamodb delete-table --region eu-west-1 --table-name made-table/);
    assert.match(aws.cdkWords()!.join(' '), /^destroy Hibernetes .*--force .*--context clusters=default$/);
  });

  test('status shows the functions, the queues, the stream and the cluster', async () => {
    aws.stack = standing();
    const { code, out, error } = await run('status', '--stack', 'Hibernetes');
    assert.deepEqual([code, error], [0, '']);
    assert.equal(
      out,
      `stack           Hibernetes, CREATE_COMPLETE, eu-west-1 of account 111122223333
protection      on
table           made-table
functions
                ControlPlaneControllersFunction: Active
                ControlPlaneDoorbellFunction: Active
queues
                ControlPlaneQueuesControllers: 3 waiting, 0 in hand, 0 for later
                ControlPlaneQueuesDeadLetters: 0 put aside
stream
                ControlPlaneDoorbellFunction: late by 245 ms at most in 15 minutes
watermark
                default: in time
cluster         default, ${endpoint}
API             healthy
nodes           0 of 0 Ready
pods            none
`,
    );
  });

  test('status prints the same for programs', async () => {
    aws.stack = standing();
    const { code, out } = await run('status', '--stack', 'Hibernetes', '-o', 'json');
    const { sections, clusters, ...stack } = JSON.parse(out) as Record<string, unknown> & {
      sections: { title: string; states: unknown[] }[];
      clusters: { name: string; isWell: boolean; health: { api: string } }[];
    };
    assert.equal(code, 0);
    const { id: account } = pretendedAccount;
    const given = { stack: 'Hibernetes', status: 'CREATE_COMPLETE', region: 'eu-west-1', account, isProtected: true, table: 'made-table' };
    assert.deepEqual(stack, given);
    assert.deepEqual(
      sections.map(({ title }) => title),
      ['functions', 'queues', 'stream', 'watermark'],
    );
    assert.deepEqual(sections[1]?.states[1], { name: 'ControlPlaneQueuesDeadLetters', isWell: true, state: '0 put aside' });
    assert.deepEqual([clusters[0]?.name, clusters[0]?.isWell, clusters[0]?.health.api], ['default', true, 'healthy']);
  });

  test('status is not well while the watermark is late', async () => {
    aws.stack = standing();
    aws.metrics.set('WatermarkSecondsBehind', 1500);
    const { code, out } = await run('status', '--stack', 'Hibernetes');
    aws.metrics.delete('WatermarkSecondsBehind');
    assert.equal(code, 1);
    assert.match(out, /\nwatermark\n +default: 25 minutes behind the log \(infra\/runbook\.md#the-watermark-is-late\)\n/);
  });

  test('deploy makes the clusters that are named besides the default one, once', async () => {
    aws.deployed = () => standing({ clusters: 'default,staging' });
    const dataDir = join(directory, 'two');
    const { code, out, error } = await run('deploy', '--cluster', 'default', 'staging', '--yes', '--data-dir', dataDir);
    assert.deepEqual([code, error], [0, '']);
    assert.match(aws.cdkWords()!.join(' '), /--context clusters=default,staging /);
    assert.match(out, /✓ Adding cluster staging/);
    assert.match(out, new RegExp(`Cluster staging answers at ${endpoint}/clusters/staging\\. It has no machines`));
    const { clusters } = parse(readFileSync(join(dataDir, 'aws/Hibernetes/staging.direct.kubeconfig'), 'utf8')) as { clusters: unknown };
    assert.deepEqual(clusters, [{ name: 'Hibernetes-staging', cluster: { server: `${endpoint}/clusters/staging` } }]);
    const { table } = aws;
    aws = await pretendAws(directory);
    for (const [key, item] of table.items) aws.table.items.set(key, item);
    aws.deployed = () => standing({ clusters: 'default,staging' });
    assert.doesNotMatch((await run('deploy', '--yes', '--data-dir', dataDir)).out, /Adding/);
  });

  test('a cluster is created by writing one item, and nothing is deployed', async () => {
    aws.stack = standing({ host: 'function-url' });
    const { code, out, error } = await run('create', 'cluster', 'staging', '--data-dir', directory);
    assert.deepEqual([code, error], [0, '']);
    assert.equal(aws.cdkWords(), undefined);
    assert.deepEqual(aws.table.asked, ['Query', 'PutItem']);
    assert.deepEqual(aws.table.keys(), ['#clusters staging']);
    assert.match(aws.table.items.get('#clusters staging')!['i']!.S!, /^staging\.[a-z0-9]{6}$/);
    assert.match(out, /\nexport KUBECONFIG=.*\/aws\/Hibernetes\/staging\.kubeconfig\n$/);
  });

  test('a name that is taken, or none, is refused before anything is written', async () => {
    aws.stack = standing();
    const taken = await run('create', 'cluster', 'default', '--data-dir', directory);
    assert.equal(taken.error, 'error: There is a cluster default in the stack Hibernetes already.\n');
    aws = await pretendAws(directory);
    aws.stack = standing();
    const wrong = await run('create', 'cluster', 'a_b', '--data-dir', directory);
    assert.match(wrong.error, /^error: a_b is no name for a cluster: a lowercase RFC 1123 label must consist of/);
    assert.deepEqual(aws.table.asked, ['Query']);
  });

  test('a user without a right to write to the table gets the name of that right', async () => {
    aws.stack = standing();
    const message = 'User: jane is not authorized to perform: dynamodb:PutItem on resource: made-table';
    aws.refusals.set('PutItem', { code: 'AccessDeniedException', message });
    const { code, error } = await run('create', 'cluster', 'staging', '--data-dir', directory);
    assert.equal(code, 1);
    assert.equal(
      error,
      'error: The table of the stack Hibernetes cannot be used: the permission dynamodb:PutItem, which the table needs, is missing.\n' +
        '  hibernetes list clusters shows what there is.\n',
    );
  });

  const others = ['default#L#0#0 1', 'staging#M#0 0', 'staging.zzzzzz#M#0 0'];
  const withStaging = (record: object = {}): void => {
    aws.stack = standing();
    aws.table.put('#clusters', 'staging', { i: { S: 'staging.abcdef' }, c: { N: '1' }, ...record });
    for (const key of others) aws.table.put(...(key.split(' ') as [string, string]));
    for (let slot = 0; slot < 60; slot += 1) aws.table.put(`staging.abcdef#L#0#${Math.floor(slot / 16)}`, String(slot));
  };

  test('delete goes on where the last one was cut off, removes only the cluster’s keys, and frees its name', async () => {
    withStaging({ d: { N: '2' } });
    const { code, out, error } = await run('delete', 'cluster', 'staging', '--yes', '--data-dir', directory);
    assert.deepEqual([code, error], [0, '']);
    assert.match(out, /60 items removed\. The name staging is free\.\n$/);
    assert.deepEqual(aws.table.keys(), others);
  });

  test('delete refuses a cluster that has nodes, and without a terminal and --yes it deletes nothing', async () => {
    withStaging();
    await api.send('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } });
    const joined = await run('delete', 'cluster', 'staging', '--yes', '--data-dir', directory);
    assert.match(joined.error, /^error: Machines are nodes of staging: node-1\.\n {2}kubectl delete node removes them/);
    await api.send('DELETE', '/api/v1/nodes/node-1');
    const { table } = aws;
    aws = await pretendAws(directory);
    withStaging();
    const silent = await run('delete', 'cluster', 'staging', '--data-dir', directory);
    assert.equal(silent.error, 'error: Nobody is here to be asked.\n  --yes goes on without.\n');
    for (const { keys, asked } of [table, aws.table].map((of) => ({ keys: of.keys(), asked: of.asked })))
      assert.deepEqual([keys.length, asked], [64, ['Query']]);
  });

  test('the default cluster is not deleted by itself', async () => {
    aws.stack = standing();
    const { error } = await run('delete', 'cluster', 'default', '--yes', '--data-dir', directory);
    assert.equal(
      error,
      'error: default is the default cluster of the stack Hibernetes.\n  hibernetes destroy --stack Hibernetes ends both.\n',
    );
  });

  test('kubeconfig and list name what there is', async () => {
    aws.stack = standing();
    aws.table.put('#clusters', 'blue', { i: { S: 'blue.abcdef' }, c: { N: '1' } });
    aws.table.put('#clusters', 'gone', { i: { S: 'gone.abcdef' }, c: { N: '1' }, d: { N: '2' } });
    const listed = await run('list', 'clusters', '--data-dir', directory);
    assert.equal(
      listed.out,
      `NAME      API\ndefault   ${endpoint}\nblue      ${endpoint}/clusters/blue\ngone      being deleted: hibernetes delete cluster finishes that\n`,
    );
    aws = await pretendAws(directory);
    aws.stack = standing();
    const wrong = await run('kubeconfig', '--stack', 'Hibernetes', '--cluster', 'other');
    assert.equal(wrong.error, 'error: There is no cluster other in the stack Hibernetes.\n  There are: default.\n');
    aws = await pretendAws(directory);
    const none = await run('kubeconfig', '--stack', 'Other');
    assert.equal(
      none.error,
      'error: There is no stack Other in eu-west-1 of account 111122223333.\n  --region and --stack choose another; hibernetes deploy makes one.\n',
    );
  });
});
