/** Clients that openapi-generator makes of a cluster's own OpenAPI documents, in languages other than this project's. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';

const root = join(import.meta.dirname, '../..');
/** On PyPI; it brings openapi-generator's jar, which needs Java. */
const generator = 'openapi-generator-cli==7.26.0';
const environment = join(root, '.cache/clients');
const stepMsMax = 10 * 60_000;

const missing = (program: string): boolean => spawnSync(program, ['--help']).error !== undefined;

/** Minutes of the processor, and packages of other registries: for the night. */
const reasonToSkip = (...programs: readonly string[]): string | false => {
  if (process.env['GENERATE'] !== 'all') return 'npm run nightly generates them';
  const absent = programs.find(missing);
  return absent === undefined ? false : `there is no ${absent}`;
};

function run(directory: string, [program = '', ...words]: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: directory,
    encoding: 'utf8',
    timeout: stepMsMax,
    maxBuffer: 64 << 20,
  });
  assert.equal(status, 0, `${program} ${words.join(' ')}\n${stderr}${stdout}`);
  return stdout;
}

describe('a client of another language', { skip: reasonToSkip('python3', 'java') }, () => {
  let directory: string;
  let cluster: TestCluster;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'clients-'));
    cluster = await startCluster({ nodes: 1, runtime: 'simulated' });
    writeFileSync(join(directory, 'kubeconfig.json'), await cluster.hibernetes('kubeconfig', '-o', 'json'));
    if (existsSync(join(environment, 'bin/openapi-generator-cli'))) return;
    mkdirSync(environment, { recursive: true });
    run(directory, ['python3', '-m', 'venv', environment]);
    run(directory, [join(environment, 'bin/pip'), 'install', '--quiet', generator]);
  });
  after(async () => {
    await cluster?.remove();
    rmSync(directory, { recursive: true });
  });

  async function generate(language: string, format: 'v2' | 'v3', properties: string): Promise<void> {
    const document = join(directory, `openapi-${format}.json`);
    writeFileSync(document, await cluster.hibernetes('openapi', '--format', format));
    const words = ['generate', '-i', document, '-g', language, '-o', join(directory, language), '--skip-validate-spec'];
    const parts = 'apis,models,supportingFiles,apiDocs=false,modelDocs=false,apiTests=false,modelTests=false';
    const choices = ['--additional-properties', properties, '--global-property', parts];
    run(directory, [join(environment, 'bin/openapi-generator-cli'), ...words, ...choices]);
  }

  test('a client of another language in Python lists, creates, reads and deletes', async () => {
    await generate('python', 'v3', 'packageName=kubernetes_client');
    run(directory, [join(environment, 'bin/pip'), 'install', '--quiet', '-r', 'python/requirements.txt']);
    const script = join(root, 'openapi/example/python/deploy.py');
    const printed = run(join(directory, 'python'), [
      'env',
      `PYTHONPATH=${directory}/python`,
      join(environment, 'bin/python'),
      script,
      '../kubeconfig.json',
    ]);
    assert.equal(printed, 'nodes: node-1\navailable: 2\n');
  });

  test('a client of another language in Go lists, creates, reads and deletes', { skip: reasonToSkip('gofmt') }, async () => {
    // From defaults that are objects, which only version 3 has, the generator makes code that Go does not compile.
    await generate('go', 'v2', 'packageName=kubernetes,withGoMod=true');
    const program = join(directory, 'program');
    cpSync(join(root, 'openapi/example/go'), program, { recursive: true });
    cpSync(join(directory, 'go'), join(program, 'kubernetes'), { recursive: true });
    run(join(program, 'kubernetes'), ['go', 'mod', 'edit', '-module', 'example.com/kubernetes']);
    run(program, ['go', 'mod', 'tidy']);
    assert.equal(run(program, ['go', 'run', '.', '../kubeconfig.json']), 'nodes: node-1\navailable: 2\n');
  });
});
