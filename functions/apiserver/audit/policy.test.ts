import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestInfoOf } from '../http/request-info.ts';
import type { User } from '../ports.ts';
import { type PolicyRule, readAuditPolicy, recordingOf } from './policy.ts';

const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';

const wrong: readonly (readonly [string, string])[] = [
  [`${head}rules: []`, 'loaded illegal policy with 0 rules'],
  [`${head}rules: [{}]`, 'rules[0].level: Required value'],
  [
    `${head}rules: [{level: All}]`,
    'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"',
  ],
  [
    `${head}omitStages: [X]\nrules: [{level: None}]`,
    'omitStages[0]: Invalid value: "X": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
  ],
  [
    `${head}rules: [{level: None, nonResourceURLs: ["x", "/a*b"]}]`,
    '[rules[0].nonResourceURLs[0]: Invalid value: "x": non-resource URL rules must begin with a \'/\' character, rules[0].nonResourceURLs[1]: Invalid value: "/a*b": non-resource URL wildcards \'*\' must be the final character of the rule]',
  ],
  [
    `${head}rules: [{level: None, resources: [{resourceNames: [a]}]}]`,
    'rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one resource',
  ],
  [
    'apiVersion: audit.k8s.io/v2\nkind: Policy',
    'failed decoding: no kind "Policy" is registered for version "audit.k8s.io/v2" in scheme "pkg/audit/scheme.go:30"',
  ],
];

for (const [text, message] of wrong) {
  test(`an audit policy is refused: ${message}`, async () => assert.rejects(readAuditPolicy(text), { message }));
}

const eve: User = { name: 'eve', groups: ['team'] };

describe('a rule', () => {
  const cases: readonly (readonly [Partial<PolicyRule>, boolean])[] = [
    [{}, true],
    [{ users: ['eve'] }, true],
    [{ users: ['ann'] }, false],
    [{ userGroups: ['team', 'x'] }, true],
    [{ userGroups: ['x'] }, false],
    [{ verbs: ['get'] }, true],
    [{ verbs: ['list'] }, false],
    [{ namespaces: ['a'] }, true],
    [{ namespaces: ['b'] }, false],
    [{ resources: [{ group: '' }] }, true],
    [{ resources: [{ group: 'apps' }] }, false],
    [{ resources: [{ group: '*', resources: ['pods'] }] }, false],
    [{ resources: [{ resources: ['pods/log'] }] }, true],
    [{ resources: [{ resources: ['pods/*'] }] }, true],
    [{ resources: [{ resources: ['*/log'] }] }, true],
    [{ resources: [{ resources: ['*'], resourceNames: ['p'] }] }, true],
    [{ resources: [{ resources: ['*'], resourceNames: ['q'] }] }, false],
    [{ nonResourceURLs: ['*'] }, false],
  ];
  const log = requestInfoOf('GET', new URL('https://api/api/v1/namespaces/a/pods/p/log'));
  for (const [rule, isMatching] of cases) {
    test(`${isMatching ? 'matches' : 'does not match'} the log of a pod: ${JSON.stringify(rule)}`, () => {
      const { level } = recordingOf({ rules: [{ level: 'Request', ...rule }] }, eve, log);
      assert.equal(level, isMatching ? 'Request' : 'None');
    });
  }

  test('a rule matches paths that are no resources by their beginning', () => {
    const of = (path: string): string => {
      const info = requestInfoOf('GET', new URL(`https://api${path}`));
      return recordingOf({ rules: [{ level: 'Metadata', nonResourceURLs: ['/healthz*', '/version'] }] }, eve, info).level;
    };
    assert.deepEqual(['/healthz/etcd', '/version', '/version/x', '/api/v1/pods'].map(of), ['Metadata', 'Metadata', 'None', 'None']);
  });

  test('a rule adds the stages that it omits to those of the policy, and decides about managed fields itself', () => {
    const info = requestInfoOf('GET', new URL('https://api/version'));
    const rules: PolicyRule[] = [{ level: 'Metadata', omitStages: ['Panic'], omitManagedFields: false }];
    assert.deepEqual(recordingOf({ rules, omitStages: ['RequestReceived'], omitManagedFields: true }, eve, info), {
      level: 'Metadata',
      omitStages: ['RequestReceived', 'Panic'],
      omitManagedFields: false,
    });
  });
});
