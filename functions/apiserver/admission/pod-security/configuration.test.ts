import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../kube/object.ts';
import { podSecurityConfiguration } from './configuration.ts';

const head = { apiVersion: 'pod-security.admission.config.k8s.io/v1', kind: 'PodSecurityConfiguration' };

test('without a configuration every pod is allowed and no one is exempt', () => {
  const privileged = { level: 'privileged', minor: Infinity };
  assert.deepEqual(podSecurityConfiguration(undefined), {
    defaults: { enforce: privileged, audit: privileged, warn: privileged },
    exemptions: { namespaces: new Set(), runtimeClasses: new Set(), usernames: new Set() },
  });
});

test('defaults name levels and versions', () => {
  const { defaults } = podSecurityConfiguration({ ...head, defaults: { enforce: 'baseline', 'enforce-version': 'v1.30', audit: '' } });
  assert.deepEqual([defaults.enforce, defaults.audit.level], [{ level: 'baseline', minor: 30 }, 'privileged']);
});

const wrong: readonly (readonly [JsonObject, string])[] = [
  [
    { defaults: { enforce: 'bad', 'warn-version': 'v2' } },
    'PodSecurity configuration error: [enforce: must be one of privileged, baseline, restricted, warn-version: must be "latest" or "v1.x"]',
  ],
  [{ defaults: { unknown: 'x' } }, 'strict decoding error: unknown field "defaults.unknown"'],
  [{ defaults: { enforce: 3 } }, 'json: cannot unmarshal number into Go struct field PodSecurityDefaults.defaults.enforce of type string'],
  [{ exemptions: { namespaces: ['a', 'a'] } }, 'PodSecurity invalid: exemptions.namespaces[1]: Duplicate value: "a"'],
  [
    { exemptions: { usernames: ['', 'u', 'u'] } },
    'PodSecurity invalid: [exemptions.usernames[0]: Invalid value: "": username must not be empty, exemptions.usernames[2]: Duplicate value: "u"]',
  ],
  [
    { apiVersion: 'pod-security.admission.config.k8s.io/v2' },
    'no kind "PodSecurityConfiguration" is registered for version "pod-security.admission.config.k8s.io/v2" in scheme "pkg/runtime/scheme.go:111"',
  ],
];

for (const [given, message] of wrong) {
  test(`a configuration is refused: ${message}`, () => assert.throws(() => podSecurityConfiguration({ ...head, ...given }), { message }));
}
