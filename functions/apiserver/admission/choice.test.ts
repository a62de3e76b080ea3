import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { memoryCluster } from '../nodes/memory-cluster.ts';
import { admissionPlugins, chosenKinds } from './admission-plugins.ts';
import { type AdmissionSettings, readAdmissionConfiguration } from './configuration.ts';

const chosen = (settings: AdmissionSettings): string[] => chosenKinds(settings).map(({ name }) => name);

test('enabled plug-ins join the default ones at their place, and disabled ones go', () => {
  const names = chosen({ enable: ['EventRateLimit', 'AlwaysPullImages'], disable: ['ServiceAccount', 'PodSecurity'] });
  assert.equal(names.includes('ServiceAccount'), false);
  assert.ok(names.indexOf('NodeRestriction') < names.indexOf('AlwaysPullImages'));
  assert.ok(names.indexOf('DefaultTolerationSeconds') < names.indexOf('EventRateLimit'));
});

const wrong: readonly (readonly [what: string, settings: AdmissionSettings, message: string])[] = [
  ['an unknown plug-in to enable', { enable: ['Foo'] }, 'enable-admission-plugins plugin "Foo" is unknown'],
  [
    'unknown plug-ins to disable',
    { disable: ['Foo', 'Bar'] },
    '[disable-admission-plugins plugin "Foo" is unknown, disable-admission-plugins plugin "Bar" is unknown]',
  ],
  [
    'a plug-in on both lists',
    { enable: ['NodeRestriction'], disable: ['NodeRestriction'] },
    '[NodeRestriction] in enable-admission-plugins and disable-admission-plugins overlapped',
  ],
];
for (const [what, settings, message] of wrong) {
  test(`${what} is refused as upstream does`, () => assert.throws(() => chosen(settings), { message }));
}

const rateLimit = (configuration?: string): string =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: EventRateLimit\n${configuration ?? ''}`;
const inline = (apiVersion: string, limits: string): string =>
  rateLimit(`  configuration:\n    apiVersion: ${apiVersion}\n    kind: Configuration\n    limits: ${limits}\n`);
const version = 'eventratelimit.admission.k8s.io/v1alpha1';
const failed = 'failed to apply admission: couldn\'t init admission plugin "EventRateLimit": ';

const files: readonly (readonly [what: string, text: string, message: string])[] = [
  ['without a kind', '', "Object 'Kind' is missing in ''"],
  [
    'of another kind',
    'apiVersion: apiserver.config.k8s.io/v1\nkind: Foo\n',
    'no kind "Foo" is registered for version "apiserver.config.k8s.io/v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [
    'of another version',
    'apiVersion: apiserver.config.k8s.io/v9\nkind: AdmissionConfiguration\n',
    'no kind "AdmissionConfiguration" is registered for version "apiserver.config.k8s.io/v9" in scheme "pkg/runtime/scheme.go:111"',
  ],
  ['with an unknown field', rateLimit('  foo: 1\n'), 'strict decoding error: unknown field "plugins[0].foo"'],
  ['without limits', rateLimit(), `${failed}limits: Invalid value: null: must not be empty`],
  [
    'with a configuration of another kind',
    inline('x/v1', '[]'),
    `${failed}no kind "Configuration" is registered for version "x/v1" in scheme "pkg/runtime/scheme.go:111"`,
  ],
  [
    'with wrong limits',
    inline(version, '[{ type: Foo, qps: 0, burst: -1 }]'),
    `${failed}[limits[0].type: Unsupported value: "Foo": supported values: "Server", "Namespace", "User", "SourceAndObject", limits[0].burst: Invalid value: -1: must be positive, limits[0].qps: Invalid value: 0: must be positive]`,
  ],
];

async function started(text: string, readFile: (path: string) => string = () => ''): Promise<void> {
  const world = virtualWorld();
  const { store } = await memoryCluster(world);
  const configurations = await readAdmissionConfiguration(text, readFile);
  admissionPlugins({ ...world, store }, { enable: ['EventRateLimit'], configurations });
}

for (const [what, text, message] of files) {
  test(`a configuration ${what} is refused as upstream does`, async () => {
    await assert.rejects(started(text), { message });
  });
}

test('a configuration may stand inline or in a file of its own', async () => {
  const limits = '[{ type: Server, qps: 1, burst: 1 }]';
  await started(inline(version, limits));
  const read: string[] = [];
  await started(rateLimit('  path: rates.yaml\n'), (path) => {
    read.push(path);
    return `apiVersion: ${version}\nkind: Configuration\nlimits: ${limits}\n`;
  });
  assert.deepEqual(read, ['rates.yaml']);
});
