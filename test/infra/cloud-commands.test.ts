/** The commands for AWS as a user gives them, against a pretended account, a pretended cdk and a real API that verifies the sign-in. */
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
import { createIamUsers } from '../../functions/cloud/iam-users.ts';
import { realWorld } from '../../functions/world.ts';
import { serveHttps, type HttpsServer } from '../../infra/local/https-server.ts';

const iamClusterId = 'default-51af3dc0-da77-11e4-872e-1234567db123';
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
    const users = createIamUsers({
      clusterId: iamClusterId,
      administrators: [`arn:aws:iam::${pretendedAccount.id}:role/Admin`],
      view: () => ({ revision: 1, get: () => undefined, list: () => [] }),
      world,
      async fetch(request) {
        const isOurs = request.headers.get('x-k8s-aws-id') === iamClusterId;
        const GetCallerIdentityResult = { Account: pretendedAccount.id, Arn: pretendedAccount.arn, UserId: 'AROA:jane' };
        return Response.json({ GetCallerIdentityResponse: { GetCallerIdentityResult } }, { status: isOurs ? 200 : 403 });
      },
    });
    server = await serveHttps({
      app: {
        async fetch(request) {
          const token = request.headers.get('authorization')?.replace(/^Bearer /, '') ?? '';
          if ((await users.userOf(token)) === undefined) return Response.json({ kind: 'Status', code: 401 }, { status: 401 });
          const { pathname, search } = new URL(request.url);
          return api.fetch(pathname + search, request);
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
      DefaultClusterEndpoint: endpoint,
      DefaultClusterIamId: iamClusterId,
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
    aws.cdk = { says: '✨  Synthesis time: 5s\nHibernetes: creating CloudFormation changeset...\n ✅  Hibernetes\n', code: 0 };
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
        '✓ Signing in to cluster default',
        '✓ Letting the machines join',
      ],
    );
    assert.match(out, new RegExp(`Cluster default answers at ${endpoint}. 2 machines join within minutes.`));
    const words = aws.cdkWords()!.join(' ');
    assert.match(words, /^deploy Hibernetes --region eu-west-1 /);
    assert.match(words, /--context stack=Hibernetes --context nodes=2 --context administrators=arn:aws:iam::111122223333:role\/Admin$/);

    const file = join(dataDir, 'aws/Hibernetes/default.kubeconfig');
    const { users, clusters } = parse(readFileSync(file, 'utf8')) as { users: [{ user: { exec: { args: string[] } } }]; clusters: unknown };
    assert.deepEqual(clusters, [{ name: 'Hibernetes-default', cluster: { server: endpoint } }]);
    assert.deepEqual(users[0].user.exec.args.slice(2, 6), ['eks', 'get-token', '--cluster-name', iamClusterId]);
    const map = await api.send('GET', '/api/v1/namespaces/kube-system/configmaps/aws-auth');
    assert.deepEqual(parse((map.body as { data: { mapRoles: string } }).data.mapRoles), [
      { rolearn: nodeRole, username: 'system:node:{{SessionName}}', groups: ['system:bootstrappers', 'system:nodes'] },
    ]);
  });

  test('deploy without a bootstrapped account says what prepares it', async () => {
    aws.cdk = {
      says: ' ❌  Hibernetes failed: SSM parameter /cdk-bootstrap/hnb659fds/version not found. Has the environment been bootstrapped?\n',
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

  test('deploy asks first, and where nobody can be asked nothing is deployed', async () => {
    const { error } = await run('deploy', '--data-dir', directory);
    assert.equal(error, 'error: Nobody is here to be asked.\n  --yes goes on without.\n');
    assert.equal(aws.cdkWords(), undefined);
  });

  test('a stack that never came to stand is not deployed again', async () => {
    aws.stack = standing({}, { status: 'ROLLBACK_COMPLETE', outputs: {} });
    const { error } = await run('deploy', '--yes', '--data-dir', directory);
    assert.match(error, /^error: The stack Hibernetes never came to stand \(ROLLBACK_COMPLETE\) and can only be deleted\.\n/);
    assert.equal(aws.cdkWords(), undefined);
  });

  test('credentials that AWS does not believe are said to be so', async () => {
    aws.refusals.set('GetCallerIdentity', { code: 'ExpiredToken', message: 'The security token is expired' });
    const { code, error } = await run('deploy', '--yes');
    assert.equal(code, 1);
    assert.match(error, /^error: AWS does not believe the credentials \(ExpiredToken\): The security token is expired\n {2}aws configure/);
  });

  test('destroy refuses a stack that is protected, and says what lifts it', async () => {
    aws.stack = standing();
    const { code, error } = await run('destroy', '--yes');
    assert.equal(code, 1);
    assert.equal(
      error,
      'error: The stack Hibernetes is protected from being deleted.\n' +
        '  aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name Hibernetes --region eu-west-1 lifts the protection.\n',
    );
  });

  test('destroy says that the table stays, and how to lose it', async () => {
    aws.stack = standing({ clusters: 'default' }, { isProtected: false });
    const { code, out } = await run('destroy', '--yes', '--data-dir', directory);
    assert.equal(code, 0);
    assert.match(out, /The table made-table stays/);
    assert.match(out, /aws dynamodb delete-table --region eu-west-1 --table-name made-table/);
    assert.match(aws.cdkWords()!.join(' '), /^destroy Hibernetes .*--force .*--context clusters=default$/);
  });

  test('status tells the functions, the queues, the stream and the cluster', async () => {
    aws.stack = standing();
    const { code, out, error } = await run('status', '--stack', 'Hibernetes');
    assert.deepEqual([code, error], [0, '']);
    assert.equal(
      out,
      `stack           Hibernetes, CREATE_COMPLETE, eu-west-1 of account 111122223333
protection      on
table           made-table
functions
                ClusterDefaultControllersFunction: Active
                ClusterDefaultDoorbellFunction: Active
queues
                ClusterDefaultQueuesControllers: 3 waiting, 0 in hand, 0 for later
                ClusterDefaultQueuesDeadLetters: 0 put aside
stream
                ClusterDefaultDoorbellFunction: late by 245 ms at most in 15 minutes
watermark
                default: in time
cluster         default, ${endpoint}
API             healthy
nodes           0 of 0 Ready
pods            none
`,
    );
  });

  test('status is not well while the watermark is late', async () => {
    aws.stack = standing();
    aws.metrics.set('WatermarkSecondsBehind', 1500);
    const { code, out } = await run('status', '--stack', 'Hibernetes');
    aws.metrics.delete('WatermarkSecondsBehind');
    assert.equal(code, 1);
    assert.match(out, /\nwatermark\n +default: 25 minutes behind the log \(infra\/runbook\.md#the-watermark-is-late\)\n/);
  });

  test('a second cluster is made by deploying both', async () => {
    aws.stack = standing({ host: 'function-url' });
    aws.deployed = () => standing({ host: 'function-url', clusters: 'default,staging' });
    const { code, error } = await run('create', 'cluster', 'staging', '--yes', '--data-dir', directory);
    assert.deepEqual([code, error], [0, '']);
    assert.match(aws.cdkWords()!.join(' '), /--context host=function-url --context clusters=default,staging$/);
  });

  test('kubeconfig and list name what there is', async () => {
    aws.stack = standing();
    assert.equal((await run('list', 'clusters')).out, `NAME      API\ndefault   ${endpoint}\n`);
    aws = await pretendAws(directory);
    aws.stack = standing();
    const wrong = await run('kubeconfig', '--stack', 'Hibernetes', '--cluster', 'other');
    assert.equal(wrong.error, 'error: The stack Hibernetes has no cluster other.\n  It has: default.\n');
    aws = await pretendAws(directory);
    const none = await run('kubeconfig', '--stack', 'Other');
    assert.equal(
      none.error,
      'error: There is no stack Other in eu-west-1 of account 111122223333.\n  --region and --stack choose another; hibernetes deploy makes one.\n',
    );
  });
});
