/** Admission policies made by chance: each acts on objects with a label of its own, so that many can stand side by side. */
import type { Json, JsonObject } from '../../../functions/kube/object.ts';
import type { Choice } from '../cases/random.ts';

export interface MadePolicy {
  readonly name: string;
  readonly resource: 'validatingadmissionpolicies' | 'mutatingadmissionpolicies';
  readonly policy: JsonObject;
  readonly binding: JsonObject;
}

export const policyVersion = 'admissionregistration.k8s.io/v1';
export const policyLabel = 'policy';
export const paramsName = 'params';

/** What a policy's rules may ask; each is right about the objects that cases send, wrong about them, or fails on some. */
const validations: readonly JsonObject[] = [
  { expression: "object.data.mode != 'bad'" },
  { expression: "object.data.mode != 'bad'", message: 'mode is bad', reason: 'Forbidden' },
  { expression: "object.data.mode != 'bad'", messageExpression: "'mode is ' + object.data.mode", reason: 'Invalid' },
  { expression: "object.data.mode != 'bad'", messageExpression: 'object.data.missing', message: 'in its place' },
  { expression: 'object.data.missing == "x"', reason: 'Unauthorized' },
  { expression: 'has(object.data.size) && int(object.data.size) < 5', message: 'too large', reason: 'RequestEntityTooLarge' },
  { expression: '!has(oldObject.data) || oldObject.data.mode == object.data.mode', message: 'mode cannot change' },
  { expression: 'oldObject == null || oldObject.data.mode == object.data.mode', message: 'mode stays' },
  { expression: 'request.operation == "CREATE" || request.dryRun == true' },
  { expression: "request.userInfo.username == 'admin' && 'system:masters' in request.userInfo.groups" },
  { expression: "namespaceObject.metadata.name == request.namespace && namespaceObject.metadata.name.startsWith('x')" },
  { expression: "authorizer.group('').resource('pods').namespace('default').check('get').allowed()" },
  {
    expression: "authorizer.serviceAccount('default', 'default').group('').resource('secrets').check('get').allowed()",
    message: 'may not',
  },
  { expression: "authorizer.requestResource.check('update').reason() == ''" },
  {
    expression: "object.data.all(key, object.data[key].matches('^[a-z0-9]+$'))",
    messageExpression: "string(object.data.size()) + ' fields'",
  },
  { expression: "quantity('2').isGreaterThan(quantity(object.data.size))", message: 'less than two' },
  { expression: "ip.isCanonical('10.0.0.1') && cidr('10.0.0.0/8').containsIP('10.1.1.1') && object.data.mode.find('a') == ''" },
  {
    expression: "object.metadata.labels.?other.orValue('none') == 'none'",
    messageExpression: "'other is ' + object.metadata.labels.other",
  },
  { expression: '[1, 2, 3].map(n, n * 2).sum() == 12 && object.data.mode.lowerAscii() == object.data.mode' },
  { expression: 'variables.mode != "bad"', messageExpression: '"variables: " + variables.mode' },
  { expression: 'variables.isSmall', message: 'not small' },
  { expression: "params.data.limit == 'none' || int(params.data.limit) > 3", message: 'beyond the limit' },
  { expression: 'params.data.missing == object.data.mode', messageExpression: "params.data.limit + ' is the limit'" },
];

const variables: readonly JsonObject[] = [
  { name: 'mode', expression: 'object.data.mode' },
  { name: 'isSmall', expression: 'int(object.data.size) < 5' },
];

const matchConditions: readonly JsonObject[] = [
  { name: 'mode', expression: "object.data.mode != 'skipped'" },
  { name: 'size', expression: 'has(object.data.size)' },
  { name: 'fails', expression: "object.data.missing == 'x'" },
  { name: 'user', expression: "!request.userInfo.username.startsWith('system:')" },
];

const mutations: readonly JsonObject[] = [
  { patchType: 'ApplyConfiguration', applyConfiguration: { expression: "Object{data: {'added': 'by-policy'}}" } },
  {
    patchType: 'ApplyConfiguration',
    applyConfiguration: { expression: "Object{metadata: Object.metadata{labels: {'mode': object.data.mode}}}" },
  },
  { patchType: 'ApplyConfiguration', applyConfiguration: { expression: "Object{metadata: Object.metadata{finalizers: ['not a name']}}" } },
  { patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/data/patched', value: 'yes'}]" } },
  {
    patchType: 'JSONPatch',
    jsonPatch: {
      expression:
        "[JSONPatch{op: 'test', path: '/data/mode', value: 'good'}, JSONPatch{op: 'replace', path: '/data/mode', value: 'better'}]",
    },
  },
  { patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'remove', path: '/data/none'}]" } },
  {
    patchType: 'JSONPatch',
    jsonPatch: { expression: "has(object.data.size) ? [JSONPatch{op: 'copy', from: '/data/size', path: '/data/twin'}] : []" },
  },
  {
    patchType: 'JSONPatch',
    jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: variables.mode}]" },
  },
  { patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/data/failing', value: object.data.missing}]" } },
];

const some = <T>(choice: Choice, from: readonly T[], max: number): T[] =>
  Array.from({ length: 1 + choice.below(max) }, () => choice.of(from)).filter((one, index, all) => all.indexOf(one) === index);

const uses = (parts: Json, name: string): boolean => JSON.stringify(parts).includes(`${name}.`);

export function madePolicy(choice: Choice, number: number): MadePolicy {
  const isMutating = choice.next() < 0.3;
  const name = `made-${number}`;
  const acts = isMutating ? some(choice, mutations, 2) : some(choice, validations, 3);
  const conditions = choice.next() < 0.35 ? some(choice, matchConditions, 2) : [];
  const hasParams = uses(acts, 'params') || choice.next() < 0.2;
  const spec: JsonObject = {
    ...(choice.next() < 0.3 ? { failurePolicy: 'Ignore' } : {}),
    ...(hasParams ? { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } } : {}),
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: [''],
          apiVersions: ['v1'],
          resources: ['configmaps'],
          operations: choice.of([['CREATE'], ['CREATE', 'UPDATE'], ['*']]),
        },
      ],
      objectSelector: { matchLabels: { [policyLabel]: name } },
    },
    ...(uses(acts, 'variables') || choice.next() < 0.2 ? { variables: [...variables] } : {}),
    ...(conditions.length > 0 ? { matchConditions: conditions } : {}),
    ...(isMutating ? { mutations: acts, reinvocationPolicy: choice.of(['Never', 'IfNeeded']) } : { validations: acts }),
    ...(!isMutating && choice.next() < 0.2
      ? { auditAnnotations: [{ key: 'k', valueExpression: choice.of(["'v'", 'object.data.missing']) }] }
      : {}),
  };
  const binding: JsonObject = {
    policyName: name,
    ...(isMutating
      ? {}
      : { validationActions: choice.of([['Deny'], ['Deny'], ['Warn'], ['Audit'], ['Warn', 'Audit'], ['Deny', 'Audit']]) }),
    ...(hasParams ? { paramRef: paramRef(choice) } : {}),
    ...(choice.next() < 0.15 ? { matchResources: { namespaceSelector: { matchLabels: { none: 'such' } } } } : {}),
  };
  const [kind, resource] = isMutating
    ? (['MutatingAdmissionPolicy', 'mutatingadmissionpolicies'] as const)
    : (['ValidatingAdmissionPolicy', 'validatingadmissionpolicies'] as const);
  return {
    name,
    resource,
    policy: { apiVersion: policyVersion, kind, metadata: { name }, spec },
    binding: { apiVersion: policyVersion, kind: `${kind}Binding`, metadata: { name }, spec: binding },
  };
}

const paramRef = (choice: Choice): JsonObject =>
  choice.of<JsonObject>([
    { name: paramsName, parameterNotFoundAction: 'Deny' },
    { name: paramsName, namespace: 'default', parameterNotFoundAction: 'Deny' },
    { name: 'absent', parameterNotFoundAction: 'Deny' },
    { name: 'absent', parameterNotFoundAction: 'Allow' },
    { selector: { matchLabels: { params: 'yes' } }, parameterNotFoundAction: 'Deny' },
  ]);
