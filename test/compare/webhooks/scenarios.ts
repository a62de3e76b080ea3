/** Webhooks and what meets them. Objects that a scenario is about have its name as a label. */
import type { JsonObject } from '../../../functions/kube/object.ts';
import type { BehaviourName } from './behaviours.ts';

export interface Hook {
  readonly does: BehaviourName;
  readonly isMutating?: boolean;
  /** Fields beside the usual ones. */
  readonly fields?: JsonObject;
  /** Takes the selector of the scenario's objects away. */
  readonly takesAll?: boolean;
}

export type Subject = 'configmap' | 'deployment' | 'pod' | 'custom';

export interface Scenario {
  readonly name: string;
  readonly hooks: readonly Hook[];
  readonly subject?: Subject;
}

const one = (does: BehaviourName, fields: JsonObject = {}, isMutating = false): readonly Hook[] => [{ does, fields, isMutating }];
const mutating = (does: BehaviourName, fields: JsonObject = {}): readonly Hook[] => one(does, fields, true);
const rules = (operations: readonly string[], resources: readonly string[], others: JsonObject = {}): JsonObject => ({
  rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: [...operations], resources: [...resources], ...others }],
});
const when = (...expressions: readonly string[]): JsonObject => ({
  matchConditions: expressions.map((expression, index) => ({ name: `c${index}`, expression })),
});

const validatingAnswers: readonly BehaviourName[] = [
  'allows',
  'denies',
  'deniesWithMessage',
  'deniesWithStatus',
  'deniesWithSuccessStatus',
  'deniesWithReasonOnly',
  'warns',
  'warnsAndDenies',
  'annotates',
  'labels',
  'otherUid',
  'noUid',
  'noResponse',
  'otherKind',
  'otherVersion',
  'noKind',
  'text',
  'brokenJson',
  'empty',
  'fails500',
  'fails404',
  'fails403',
  'fails429',
  'redirects',
  'redirectsKeeping',
  'redirectsForever',
  'redirectsNowhere',
  'created201',
  'hangs',
];

const mutatingAnswers: readonly BehaviourName[] = [
  'deniesWithStatus',
  'labels',
  'data',
  'replacesData',
  'renames',
  'movesNamespace',
  'addsUnknownField',
  'makesInvalid',
  'changesType',
  'removesMissing',
  'testsInVain',
  'patchesWithoutType',
  'patchesWithOtherType',
  'typeWithoutPatch',
  'patchesNoJson',
  'patchesNoBase64',
  'emptyPatch',
  'warns',
  'noUid',
  'fails500',
];

const matches: Readonly<Record<string, Omit<Scenario, 'name'>>> = {
  'ignored-failure': { hooks: one('fails500', { failurePolicy: 'Ignore' }) },
  'ignored-silence': { hooks: one('hangs', { failurePolicy: 'Ignore' }) },
  'ignored-mutation': { hooks: mutating('patchesNoJson', { failurePolicy: 'Ignore' }) },
  'no-dry-run': { hooks: one('allows', { sideEffects: 'NoneOnDryRun' }) },
  'older-review': { hooks: one('allows', { admissionReviewVersions: ['v1beta1', 'v1'] }) },
  'older-review-mutates': { hooks: mutating('labels', { admissionReviewVersions: ['v1beta1'] }) },
  'updates-alone': { hooks: one('deniesWithMessage', rules(['UPDATE'], ['configmaps'])) },
  'deletions-alone': { hooks: one('deniesWithMessage', rules(['DELETE'], ['configmaps'])) },
  'every-operation': { hooks: one('allows', rules(['*'], ['*'])) },
  'cluster-scope': { hooks: one('denies', rules(['*'], ['*'], { scope: 'Cluster' })) },
  'other-namespaces': { hooks: one('denies', { namespaceSelector: { matchLabels: { none: 'such' } } }) },
  'condition-holds': { hooks: one('denies', when("object.data.mode == 'good'", "request.operation == 'CREATE'")) },
  'condition-fails-to-hold': { hooks: one('denies', when("object.data.mode == 'bad'")) },
  'condition-has-no-value': { hooks: one('allows', when("object.data.missing == 'x'")) },
  'condition-has-no-value-ignored': { hooks: one('denies', { failurePolicy: 'Ignore', ...when("object.data.missing == 'x'") }) },
  'condition-asks-authorizer': { hooks: one('denies', when("authorizer.group('').resource('pods').check('get').allowed()")) },
  'two-in-order': { hooks: [...mutating('labels'), ...mutating('data')] },
  'asked-again': { hooks: [...mutating('labels', { reinvocationPolicy: 'IfNeeded' }), ...mutating('data'), ...one('allows')] },
  'not-asked-again': { hooks: [...mutating('labels', { reinvocationPolicy: 'IfNeeded' }), ...mutating('emptyPatch')] },
  'mutates-then-denies': { hooks: [...mutating('labels'), ...one('denies')] },
  'scale-alone': { subject: 'deployment', hooks: one('allows', rules(['*'], ['deployments/scale'])) },
  'deployment-by-any-version': { subject: 'deployment', hooks: one('allows', rules(['*'], ['deployments', 'deployments/*'])) },
  'deployment-mutates': { subject: 'deployment', hooks: mutating('labels', rules(['CREATE', 'UPDATE'], ['deployments'])) },
  'pod-and-subresources': { subject: 'pod', hooks: one('allows', { ...rules(['*'], ['pods/*', 'pods']), objectSelector: {} }) },
  'custom-kind': {
    subject: 'custom',
    hooks: [...mutating('labels', rules(['*'], ['ovens'])), ...one('allows', rules(['*'], ['ovens', 'ovens/status']))],
  },
  'custom-equivalent': {
    subject: 'custom',
    hooks: one('allows', { rules: [{ apiGroups: ['hooks.example.com'], apiVersions: ['v1'], operations: ['*'], resources: ['ovens'] }] }),
  },
  'custom-exact': {
    subject: 'custom',
    hooks: one('denies', {
      matchPolicy: 'Exact',
      rules: [{ apiGroups: ['hooks.example.com'], apiVersions: ['v2'], operations: ['*'], resources: ['ovens'] }],
    }),
  },
};

const kebab = (name: string): string => name.replaceAll(/[A-Z0-9]+/g, (part) => `-${part.toLowerCase()}`);

export const scenarios: readonly Scenario[] = [
  ...validatingAnswers.map((does): Scenario => ({ name: `validating-${kebab(does)}`, hooks: one(does) })),
  ...mutatingAnswers.map((does): Scenario => ({ name: `mutating-${kebab(does)}`, hooks: mutating(does) })),
  ...Object.entries(matches).map(([name, scenario]): Scenario => ({ name, ...scenario })),
];
