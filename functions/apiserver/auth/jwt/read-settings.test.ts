/** What kube-apiserver 1.37.2 prints when it is started with these files. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigurationError } from '../../../kube/configuration/configuration-error.ts';
import { readAuthenticationConfiguration } from './read-settings.ts';

const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n';
const invalid = (text: string): string => `invalid authentication configuration: ${text}`;
const sound = 'issuer: {url: "https://a", audiences: [x]}';
const named = 'claimMappings: {username: {claim: sub, prefix: ""}}';

const refusals: readonly (readonly [name: string, body: string, message: string])[] = [
  [
    'a number for a list',
    'jwt: 3',
    'json: cannot unmarshal number into Go struct field AuthenticationConfiguration.jwt of type []v1.JWTAuthenticator',
  ],
  [
    'a number for a text',
    'jwt: [{issuer: {url: 3}}]',
    'json: cannot unmarshal number into Go struct field Issuer.jwt.issuer.url of type string',
  ],
  ['unknown fields', 'foo: 3\njwt: [{issuer: {bar: 1}}]', 'strict decoding error: unknown field "foo", unknown field "jwt[0].issuer.bar"'],
  [
    'an issuer that is not reached by https, and no audience',
    `jwt: [{issuer: {url: "http://x?y=1#f", audiences: []}, ${named}}]`,
    invalid(
      '[jwt[0].issuer.url: Invalid value: "http://x?y=1#f": URL scheme must be https, jwt[0].issuer.url: Invalid value: "http://x?y=1#f": URL must not contain a query, jwt[0].issuer.url: Invalid value: "http://x?y=1#f": URL must not contain a fragment, jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required]',
    ),
  ],
  [
    'an issuer with a password',
    `jwt: [{issuer: {url: "https://a:b@c", audiences: [x], audienceMatchPolicy: Foo, egressSelectorType: z}, ${named}}]`,
    invalid(
      '[jwt[0].issuer.url: Invalid value: "https://a:b@c": URL must not contain a username or password, jwt[0].issuer.audienceMatchPolicy: Invalid value: "Foo": audienceMatchPolicy must be empty or MatchAny for single audience, jwt[0].issuer.egressSelectorType: Invalid value: "z": egress selector must be either controlplane or cluster]',
    ),
  ],
  [
    'an issuer whose URL cannot be read',
    `jwt: [{issuer: {url: "https://%zz", audiences: [x]}, ${named}}]`,
    invalid('jwt[0].issuer.url: Invalid value: "https://%zz": parse "https://%zz": invalid URL escape "%zz"'),
  ],
  ['an issuer twice', `jwt: [{${sound}, ${named}}, {${sound}, ${named}}]`, invalid('jwt[1].issuer.url: Duplicate value: "https://a"')],
  [
    'audiences that repeat, and no certificates',
    `jwt: [{issuer: {url: "https://a", audiences: [a, a, ""], certificateAuthority: nonsense, discoveryURL: "https://a/"}, ${named}}]`,
    invalid(
      '[jwt[0].issuer.discoveryURL: Invalid value: "https://a/": discoveryURL must be different from URL, jwt[0].issuer.audiences[1]: Duplicate value: "a", jwt[0].issuer.audiences[2]: Required value, jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences, jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates]',
    ),
  ],
  [
    'rules about claims that contradict themselves',
    `jwt: [{${sound}, ${named}, claimValidationRules: [{claim: x, expression: yy}, {}, {claim: a, message: m}, {claim: a}, {expression: "1", requiredValue: x}, {expression: "claims.x =="}]}]`,
    invalid(
      `[jwt[0].claimValidationRules[0]: Invalid value: "x": claim and expression can't both be set, jwt[0].claimValidationRules[1]: Required value: claim or expression is required, jwt[0].claimValidationRules[2].message: Invalid value: "m": may not be specified when claim is set, jwt[0].claimValidationRules[3].claim: Duplicate value: "a", jwt[0].claimValidationRules[4].requiredValue: Invalid value: "x": may not be specified when expression is set, jwt[0].claimValidationRules[4].expression: Invalid value: "1": must evaluate to bool, jwt[0].claimValidationRules[5].expression: Invalid value: "claims.x ==": compilation failed: ERROR: <input>:1:12: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | claims.x ==\n | ...........^]`,
    ),
  ],
  [
    'mappings without a prefix, with two sources, of a reserved key',
    `jwt: [{${sound}, claimMappings: {username: {claim: sub}, groups: {claim: g}, uid: {claim: a, expression: b}, extra: [{key: foo, valueExpression: "1"}, {key: "a.kubernetes.io/x", valueExpression: ""}, {key: "A.b/c", valueExpression: "claims.x"}]}}]`,
    invalid(
      `[jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing, jwt[0].claimMappings.groups.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing, jwt[0].claimMappings.uid: Invalid value: "": claim and expression can't both be set, jwt[0].claimMappings.extra[0].key: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo"), jwt[0].claimMappings.extra[1].key: Invalid value: "a.kubernetes.io/x": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use, jwt[0].claimMappings.extra[1].valueExpression: Required value, jwt[0].claimMappings.extra[2].key: Invalid value: "A.b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), jwt[0].claimMappings.extra[2].key: Invalid value: "A.b/c": must be lowercase]`,
    ),
  ],
  [
    'expressions with a prefix, or of a wrong type of key',
    `jwt: [{${sound}, claimMappings: {username: {expression: "claims[1]", prefix: p}, uid: {expression: "user.x"}}}]`,
    invalid(
      `[jwt[0].claimMappings.username.prefix: Invalid value: "p": may not be specified when expression is set, jwt[0].claimMappings.username.expression: Invalid value: "claims[1]": compilation failed: ERROR: <input>:1:7: found no matching overload for '_[_]' applied to '(map(string, any), int)'\n | claims[1]\n | ......^, jwt[0].claimMappings.uid.expression: Invalid value: "user.x": compilation failed: ERROR: <input>:1:1: undeclared reference to 'user' (in container '')\n | user.x\n | ^]`,
    ),
  ],
  [
    'an address as a name that no rule verifies',
    `jwt: [{${sound}, claimMappings: {username: {expression: "claims.?email.orValue('x')"}}}]`,
    invalid(
      `jwt[0].claimMappings.username.expression: Invalid value: "claims.?email.orValue('x')": claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression`,
    ),
  ],
  [
    'rules about users that cannot be decided',
    `jwt: [{${sound}, ${named}, userValidationRules: [{}, {expression: "user.username"}, {expression: "user.foo == '1'"}, {expression: "user.username == 'x'"}, {expression: "user.username == 'x'"}]}]`,
    invalid(
      `[jwt[0].userValidationRules[0].expression: Required value, jwt[0].userValidationRules[1].expression: Invalid value: "user.username": must evaluate to bool, jwt[0].userValidationRules[2].expression: Invalid value: "user.foo == '1'": compilation failed: ERROR: <input>:1:5: undefined field 'foo'\n | user.foo == '1'\n | ....^, jwt[0].userValidationRules[4].expression: Duplicate value: "user.username == 'x'"]`,
    ),
  ],
  [
    'conditions of callers that are refused anyway',
    'anonymous: {enabled: false, conditions: [{path: /x}]}',
    invalid('anonymous.conditions: Invalid value: [{"Path":"/x"}]: enabled should be set to true when conditions are defined'),
  ],
];

describe('an AuthenticationConfiguration', () => {
  for (const [name, body, message] of refusals) {
    test(`an AuthenticationConfiguration is refused with ${name}`, async () => {
      await assert.rejects(readAuthenticationConfiguration(head + body), new ConfigurationError(message));
    });
  }

  test('an AuthenticationConfiguration is refused when nothing is in it, or another version', async () => {
    await assert.rejects(readAuthenticationConfiguration(''), new ConfigurationError('empty config data'));
    await assert.rejects(
      readAuthenticationConfiguration(head.replace('/v1\n', '/v2\n')),
      new ConfigurationError(
        'no kind "AuthenticationConfiguration" is registered for version "apiserver.config.k8s.io/v2" in scheme "pkg/runtime/scheme.go:111"',
      ),
    );
  });

  test('an AuthenticationConfiguration with the cluster itself as an issuer is refused', async () => {
    const url = 'https://kubernetes.default.svc.cluster.local';
    await assert.rejects(
      readAuthenticationConfiguration(`${head}jwt: [{issuer: {url: "${url}", audiences: [x]}, ${named}}]`),
      new ConfigurationError(invalid(`jwt[0].issuer.url: Invalid value: "${url}": URL must not overlap with disallowed issuers: [${url}]`)),
    );
  });

  test('an AuthenticationConfiguration may name an issuer, and the paths that need no credentials', async () => {
    const read = await readAuthenticationConfiguration(
      `${head}jwt: [{${sound}, ${named}, userValidationRules: null}]\nanonymous: {enabled: true, conditions: [{path: /livez}]}`,
    );
    assert.deepEqual(read, {
      jwt: [{ issuer: { url: 'https://a', audiences: ['x'] }, claimMappings: { username: { claim: 'sub', prefix: '' } } }],
      anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
    });
  });
});
