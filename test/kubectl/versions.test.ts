/**
 * What depends on OpenAPI works with every kubectl since 1.27. Until 1.28 it reads version 2 as protobuf for what it
 * applies, later ones read version 3.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { installedKubectls, kubectlFor, type Kubectl } from '../support/kubectl.ts';

const minors = [27, 28, 29, 30, 31, 32, 33, 36];
/** The last that applies by version 2. */
const versionTwoMinorMax = 28;

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

const deployment = (name: string, { replicas = 1, field = 'replicas' } = {}): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name } },
    spec: {
      [field]: replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'web', image: 'nginx/nginx:v1', env: [{ name: 'A', value: String(replicas) }] }] },
      },
    },
  });

describe('older and newer kubectl', () => {
  let cluster: TestCluster;
  let caches: string;
  const installed = installedKubectls();

  before(async () => {
    caches = mkdtempSync(join(tmpdir(), 'kubectl-'));
    cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
  });
  after(async () => {
    await cluster?.remove();
    rmSync(caches, { recursive: true, force: true });
  });

  for (const minor of minors) {
    const file = installed.find((one) => one.minor === minor)?.file;
    const skip = file === undefined ? `there is no kubectl 1.${minor} here` : false;
    const name = `web-${minor}`;
    const kubectl = (): Kubectl => kubectlFor(join(cluster.directory, 'kubeconfig'), join(caches, String(minor)), file);

    describe(`1.${minor}`, { skip }, () => {
      test('applies, finds nothing to change, and merges lists with what others have added', async () => {
        const apply = async (replicas: number): Promise<string> => {
          const { stdout, stderr } = await kubectl().run(['apply', '-f', '-'], { input: deployment(name, { replicas }) });
          return stdout + stderr;
        };
        assert.equal(await apply(1), `deployment.apps/${name} created\n`);
        assert.equal(await apply(1), `deployment.apps/${name} unchanged\n`);
        await kubectl().ok('set', 'env', `deployment/${name}`, 'B=theirs');
        assert.equal(await apply(2), `deployment.apps/${name} configured\n`);
        const { spec } = await kubectl().json<{ spec: { template: { spec: { containers: readonly Container[] } } } }>(
          'get',
          'deployment',
          name,
        );
        assert.deepEqual(spec.template.spec.containers[0]?.env, [
          { name: 'A', value: '2' },
          { name: 'B', value: 'theirs' },
        ]);
      });

      test('shows what would change', async () => {
        // It asks again, seconds apart, when the object changes meanwhile.
        await kubectl().ok('rollout', 'status', `deployment/${name}`, '--timeout=240s');
        const { code, stdout } = await kubectl().run(['diff', '-f', '-'], { input: deployment(name, { replicas: 3 }) });
        assert.equal(code, 1);
        assert.match(stdout, /-  replicas: 2\n\+  replicas: 3\n/);
      });

      test('apply --prune deletes what is no longer in the input', async () => {
        const args = ['apply', '--prune', '--prune-allowlist=apps/v1/Deployment', '-l', `app=${name}`, '-f', '-'];
        const { stdout } = await kubectl().run(args, {
          input: deployment(`${name}-new`).replaceAll(`"app":"${name}-new"`, `"app":"${name}"`),
        });
        assert.equal(stdout, `deployment.apps/${name}-new created\ndeployment.apps/${name} pruned\n`);
      });

      test('create prints the server’s error about an unknown field', async () => {
        const { code, stderr } = await kubectl().run(['create', '-f', '-'], { input: deployment('typo', { field: 'replicaz' }) });
        assert.equal(code, 1);
        assert.equal(
          stderr,
          'Error from server (BadRequest): error when creating "STDIN": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replicaz"\n',
        );
      });

      test('explains fields', async () => {
        assert.match(await kubectl().ok('explain', 'deployment.spec.replicas'), /FIELD: replicas <integer>/);
        assert.match(await kubectl().ok('explain', 'deployment.spec.strategy'), /FIELD: strategy <DeploymentStrategy>/);
        const old = await kubectl().ok('explain', 'deployment.spec.strategy', '--output=plaintext-openapiv2');
        assert.match(old, /^KIND: +Deployment\nVERSION: +apps\/v1\n\nRESOURCE: strategy <Object>\n/);
        assert.match(old, /\n {3}rollingUpdate\t<Object>\n/);
      });

      test('reads no more of OpenAPI than it has to', async () => {
        const input = deployment(`${name}-new`, { replicas: 4 });
        const { stderr } = await kubectl().run(['apply', '-v=6', '--dry-run=server', '-f', '-'], { input });
        assert.equal(stderr.includes('/openapi/v2'), minor <= versionTwoMinorMax);
      });
    });
  }
});
