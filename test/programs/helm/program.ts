/** A chart with a definition, an instance of it, hooks and a test: installed, upgraded, rolled back, tested, uninstalled. */
import { join } from 'node:path';
import { helmModule, helmVersion } from '../helm.ts';
import type { Program } from '../program.ts';

const chart = join(import.meta.dirname, 'chart');
const waiting = ['--wait', '--timeout', '3m'];

function expect(what: string, found: string, wanted: string): void {
  if (found !== wanted) throw new Error(`${what} is ${found} and not ${wanted}`);
}

export const helm: Program = {
  name: 'helm',
  versions: [helmVersion],
  proves: 'a chart with hooks and definitions is installed, upgraded over others’ fields only by force, rolled back, tested, uninstalled',
  source: helmModule,
  controllers: [],
  install: () => Promise.resolve(),

  async use({ helm: run, kubectl }, { id }) {
    const size = (): Promise<string> => kubectl.ok('get', 'widget', id, '-o', 'jsonpath={.spec.size}');
    await run('install', id, chart, ...waiting);
    expect('the size', await size(), '1');
    expect('ready', await kubectl.ok('get', 'deployment', id, '-o', 'jsonpath={.status.readyReplicas}'), '1');
    await kubectl.ok('wait', '--for=condition=Complete', `job/${id}-before`, '--timeout=60s');

    await kubectl.ok('patch', 'widget', id, '--type=merge', '--field-manager=other', '-p', '{"spec":{"size":9}}');
    const refusal = await run('upgrade', id, chart, '--set', 'size=5').catch(String);
    if (!/conflict with "other" using helm\.example\.com\/v1: \.spec\.size/.test(refusal))
      throw new Error(`an upgrade is not refused: ${refusal}`);
    await run('upgrade', id, chart, '--set', 'size=5', '--force-conflicts', ...waiting);
    expect('the size', await size(), '5');

    await run('rollback', id, '1', ...waiting);
    expect('the size', await size(), '1');

    await run('test', id, '--timeout', '3m');
    expect('its test', await kubectl.ok('get', 'pod', `${id}-test`, '--ignore-not-found'), '');

    await run('uninstall', id, ...waiting);
    expect('what is left', await kubectl.ok('get', 'widgets,deployments', '-o', 'name'), '');
    await kubectl.ok('get', 'crd', 'widgets.helm.example.com');
  },

  remove: () => Promise.resolve(),
};
