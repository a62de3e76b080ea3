/**
 * Checks the expressions of a policy against the kinds that its rules name. Source: apiserver,
 * pkg/admission/plugin/policy/validating/typechecking.go.
 */
import type { Environment } from '../../cel/check/environment.ts';
import { type CelType, dynType } from '../../cel/check/type.ts';
import type { DeclaredType } from '../../cel/declared-type.ts';
import { compileProgram, isRefused, loadExpressions } from '../../cel/program.ts';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from '../../kube/generated/types.ts';
import { apiVersionOf, type ResourceType } from '../../kube/resource-type.ts';
import type { SchemaNode } from '../../kube/schema.ts';
import { declaredSchema } from '../custom/expressions/declared-schema.ts';
import { policyEnvironment } from './policy-expressions.ts';

const typesMax = 10;

export interface KnownKind {
  readonly type: ResourceType;
  readonly node: SchemaNode;
}

/** One of each group, version and resource, and of each kind. */
export type Kinds = readonly KnownKind[];

export async function typeWarnings(policy: ValidatingAdmissionPolicy, kinds: Kinds): Promise<ExpressionWarning[]> {
  await loadExpressions();
  const { validations = [], paramKind } = policy.spec ?? {};
  const params = paramKind === undefined ? undefined : declared(kinds.find(({ type }) => isKind(type, paramKind)));
  const scopes = namedKinds(policy, kinds).flatMap((kind) => {
    const object = declared(kind);
    return object === undefined ? [] : [{ kind, scope: scopeOf(policy, object, params) }];
  });
  const check = (expression: string, fieldRef: string): ExpressionWarning[] => {
    const texts = scopes.flatMap(({ kind, scope }) => {
      const compiled = compileProgram(expression, scope);
      return isRefused(compiled) && compiled.stage === 'source' ? [`${kindText(kind.type)}: ${compiled.problem}\n`] : [];
    });
    return texts.length === 0 ? [] : [{ fieldRef, warning: texts.join('\n') }];
  };
  return validations.flatMap(({ expression, messageExpression }, index) => [
    ...check(expression, `spec.validations[${index}].expression`),
    ...(messageExpression ? check(messageExpression, `spec.validations[${index}].messageExpression`) : []),
  ]);
}

const isKind = (type: ResourceType, { apiVersion, kind }: { readonly apiVersion?: string; readonly kind?: string }): boolean =>
  type.kind === kind && apiVersionOf(type) === apiVersion;

const kindText = ({ group, version, kind }: ResourceType): string => `${group}/${version}, Kind=${kind}`;

const declared = (kind: KnownKind | undefined): DeclaredType | undefined =>
  kind === undefined ? undefined : declaredSchema({ ...kind.node, type: 'object' }, true, kind.type.kind);

/** Rules with wildcards name none. */
function namedKinds({ spec }: ValidatingAdmissionPolicy, kinds: Kinds): readonly KnownKind[] {
  const found = new Set<KnownKind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec?.matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) continue;
    const plain = resources.filter((resource) => !/[*/]/.test(resource));
    for (const kind of kinds) {
      const { group, version, resource } = kind.type;
      if (apiGroups.includes(group) && apiVersions.includes(version) && plain.includes(resource)) found.add(kind);
    }
  }
  const order = ({ type }: KnownKind): string => [type.group, type.version, type.kind].join('\n');
  return [...found].toSorted((one, other) => (order(one) < order(other) ? -1 : 1)).slice(0, typesMax);
}

function scopeOf(policy: ValidatingAdmissionPolicy, object: DeclaredType, params: DeclaredType | undefined): Environment {
  const { paramKind, variables = [] } = policy.spec ?? {};
  const types = new Map<string, CelType>();
  const scope = (): Environment =>
    policyEnvironment({
      hasParams: paramKind !== undefined,
      hasAuthorizer: true,
      variables: types,
      object,
      ...(params === undefined ? {} : { params }),
    });
  for (const { name, expression } of variables) {
    const compiled = compileProgram(expression, scope());
    types.set(name, isRefused(compiled) ? dynType : compiled.type);
  }
  return scope();
}
