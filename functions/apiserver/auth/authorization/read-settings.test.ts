/** What kube-apiserver 1.37.2 prints when it is started with these files. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigurationError } from '../../../kube/configuration/configuration-error.ts';
import { readAuthorizationConfiguration } from './read-settings.ts';

const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n';
const access = { server: 'https://127.0.0.1:1/authorize' };
const files = {
  problem: (file: string): string | undefined =>
    file === '/there' ? undefined : `error loading file: stat ${file}: no such file or directory`,
  accessOf: () => access,
};
const sound = 'timeout: 3s, subjectAccessReviewVersion: v1, failurePolicy: Deny';
const webhook = (fields: string): string => `authorizers: [{type: Webhook, name: w, webhook: {${fields}}}]`;
const connected = 'connectionInfo: {type: KubeConfigFile, kubeConfigFile: /there}';

const refusals: readonly (readonly [name: string, body: string, message: string])[] = [
  ['no authorizer', 'authorizers: []', 'authorizers: Required value: at least one authorization mode must be defined'],
  [
    'authorizers of no type, twice, or without a name',
    'authorizers: [{}, {type: Foo, name: a}, {type: RBAC, name: rbac}, {type: RBAC, name: r2}, {type: Node, name: rbac}, {type: AlwaysAllow, name: "A_b"}, {type: AlwaysDeny}, {type: Webhook, name: w}]',
    `[authorizers[0].type: Required value, authorizers[1].type: Unsupported value: "Foo": supported values: "ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook", authorizers[3].type: Duplicate value: "RBAC", authorizers[4].name: Duplicate value: "rbac", authorizers[5].name: Invalid value: "A_b": authorizer name is invalid: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), authorizers[6].name: Required value, authorizers[7].webhook: Required value: required when type=Webhook]`,
  ],
  [
    'a webhook of another type',
    'authorizers: [{type: RBAC, name: rbac, webhook: {timeout: 3s}}]',
    'authorizers[0].webhook: Invalid value: "non-null": may only be specified when type=Webhook',
  ],
  [
    'a webhook without fields',
    webhook(''),
    '[authorizers[0].timeout: Required value, authorizers[0].subjectAccessReviewVersion: Required value, authorizers[0].failurePolicy: Required value, authorizers[0].connectionInfo.type: Required value]',
  ],
  [
    'values that are out of range or not known',
    webhook(
      'timeout: 40s, authorizedTTL: -1s, subjectAccessReviewVersion: v2, matchConditionSubjectAccessReviewVersion: v1beta1, failurePolicy: Foo, connectionInfo: {type: X}',
    ),
    '[authorizers[0].timeout: Invalid value: "40s": must be > 0s and <= 30s, authorizers[0].authorizedTTL: Invalid value: "-1s": must be > 0s, authorizers[0].subjectAccessReviewVersion: Unsupported value: "v2": supported values: "v1", "v1beta1", authorizers[0].matchConditionSubjectAccessReviewVersion: Unsupported value: "v1beta1": supported values: "v1", authorizers[0].failurePolicy: Unsupported value: "Foo": supported values: "NoOpinion", "Deny", authorizers[0].connectionInfo.type: Unsupported value: {"Type":"X","KubeConfigFile":null}: supported values: "InClusterConfig", "KubeConfigFile"]',
  ],
  [
    'conditions that cannot be decided',
    webhook(
      `${sound}, ${connected}, matchConditionSubjectAccessReviewVersion: v1, matchConditions: [{expression: ""}, {expression: "1"}, {expression: "request.user == 'x'"}, {expression: "request.user == 'x'"}, {expression: "foo"}, {expression: "request.resourceAttributes.foo == 1"}]`,
    ),
    `[authorizers[0].matchConditions[0].expression: Required value, authorizers[0].matchConditions[1].expression: Invalid value: "1": must evaluate to bool but got int, authorizers[0].matchConditions[3].expression: Duplicate value: "request.user == 'x'", authorizers[0].matchConditions[4].expression: Invalid value: "foo": compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^, authorizers[0].matchConditions[5].expression: Invalid value: "request.resourceAttributes.foo == 1": compilation failed: ERROR: <input>:1:27: undefined field 'foo'\n | request.resourceAttributes.foo == 1\n | ..........................^]`,
  ],
  [
    'conditions of no version',
    webhook(`${sound}, ${connected}, matchConditions: [{expression: "true"}]`),
    'authorizers[0].matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified',
  ],
  [
    'a path that does not begin at the root',
    webhook(`${sound}, connectionInfo: {type: KubeConfigFile, kubeConfigFile: a/b}`),
    'authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "a/b": must be an absolute path',
  ],
  [
    'a file that is not there',
    webhook(`${sound}, connectionInfo: {type: KubeConfigFile, kubeConfigFile: /nope}`),
    'authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "/nope": error loading file: stat /nope: no such file or directory',
  ],
  [
    'a file for a connection without one',
    webhook(`${sound}, connectionInfo: {type: InClusterConfig, kubeConfigFile: /there}`),
    'authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "/there": can only be set when type=KubeConfigFile',
  ],
  ['a duration of no unit', webhook('timeout: 3x'), 'time: unknown unit "x" in duration "3x"'],
  [
    'a number for a duration',
    webhook('timeout: 3'),
    'json: cannot unmarshal number into Go struct field WebhookConfiguration.authorizers.webhook.timeout of type string',
  ],
];

describe('an AuthorizationConfiguration', () => {
  for (const [name, body, message] of refusals) {
    test(`an AuthorizationConfiguration is refused with ${name}`, async () => {
      await assert.rejects(readAuthorizationConfiguration(head + body, files), new ConfigurationError(message));
    });
  }

  test('an AuthorizationConfiguration is refused where this server cannot do what it names', async () => {
    const message = 'authorizers[0].type: Invalid value: "ABAC": this server has no attribute-based policy file';
    await assert.rejects(
      readAuthorizationConfiguration(`${head}authorizers: [{type: ABAC, name: a}]`, files),
      new ConfigurationError(message),
    );
  });

  test('an AuthorizationConfiguration names authorizers in order, and answers are kept for minutes or not at all', async () => {
    const body = `authorizers: [{type: Webhook, name: w, webhook: {${sound}, ${connected}, cacheUnauthorizedRequests: false}}, {type: RBAC, name: rbac}]`;
    const kept = { authorizedMs: 300_000, unauthorizedMs: 0 };
    assert.deepEqual(await readAuthorizationConfiguration(head + body, files), {
      authorizers: [
        {
          type: 'Webhook',
          name: 'w',
          webhook: { access, timeoutMs: 3_000, ...kept, reviewVersion: 'v1', failurePolicy: 'Deny', matchConditions: [] },
        },
        { type: 'RBAC', name: 'rbac' },
      ],
    });
  });
});
