/**
 * What expressions of admission policies and match conditions may name, and what they must come to.
 * Source: apiserver, pkg/admission/plugin/cel/compile.go, composition.go.
 */
import { environment, type Environment, patchEnvironment } from '../../cel/check/environment.ts';
import {
  boolType,
  type CelType,
  dynType,
  intType,
  isSameType,
  listType,
  mapType,
  nullType,
  stringType,
  structType,
  timestampType,
  typeText,
} from '../../cel/check/type.ts';
import { type DeclaredType, declaredObject } from '../../cel/declared-type.ts';
import { compileProgram, isRefused, type Program } from '../../cel/program.ts';

const plain = (type: CelType): DeclaredType => ({ type, sizeMax: 0, serializedMin: 1 });
const text = plain(stringType);
const time = plain(timestampType);
const listOf = (element: DeclaredType): DeclaredType => ({ ...plain(listType(element.type)), element });
const mapOf = (element: DeclaredType): DeclaredType => ({ ...plain(mapType(stringType, element.type)), key: text, element });
const texts = (...names: readonly string[]): Record<string, DeclaredType> => Object.fromEntries(names.map((name) => [name, text]));

const kindType = declaredObject('kubernetes.GroupVersionKind', texts('group', 'version', 'kind'));
const resourceType = declaredObject('kubernetes.GroupVersionResource', texts('group', 'version', 'resource'));

export const requestType = declaredObject('kubernetes.AdmissionRequest', {
  kind: kindType,
  resource: resourceType,
  requestKind: kindType,
  requestResource: resourceType,
  userInfo: declaredObject('kubernetes.UserInfo', { ...texts('username', 'uid'), groups: listOf(text), extra: mapOf(listOf(text)) }),
  dryRun: plain(boolType),
  options: plain(dynType),
  ...texts('subResource', 'requestSubResource', 'name', 'namespace', 'operation'),
});

export const namespaceType = declaredObject('kubernetes.Namespace', {
  metadata: declaredObject('kubernetes.NamespaceMetadata', {
    ...texts('name', 'generateName', 'namespace', 'UID', 'resourceVersion'),
    labels: mapOf(text),
    annotations: mapOf(text),
    finalizers: listOf(text),
    creationTimestamp: time,
    deletionTimestamp: time,
    deletionGracePeriodSeconds: plain(intType),
    generation: plain(intType),
  }),
  spec: declaredObject('kubernetes.NamespaceSpec', { finalizers: listOf(text) }),
  status: declaredObject('kubernetes.NamespaceStatus', {
    phase: text,
    conditions: listOf(
      declaredObject('kubernetes.NamespaceCondition', { ...texts('status', 'type', 'message', 'reason'), lastTransitionTime: time }),
    ),
  }),
});

export interface PolicyScope {
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
  /** The types of the variables that come before, by name. */
  readonly variables?: ReadonlyMap<string, CelType>;
  readonly hasPatchTypes?: boolean;
  /** The type of `object` and `oldObject`, where it is known. */
  readonly object?: DeclaredType;
  readonly params?: DeclaredType;
}

export function policyEnvironment({ hasParams, hasAuthorizer, variables, hasPatchTypes, object, params }: PolicyScope): Environment {
  const fields = Object.fromEntries([...(variables ?? [])].map(([name, type]) => [name, plain(type)]));
  const composed = declaredObject('kubernetes.variables', fields);
  const objectType = object?.type ?? dynType;
  const known = environment(
    {
      object: objectType,
      oldObject: objectType,
      namespaceObject: namespaceType.type,
      request: requestType.type,
      ...(hasParams ? { params: params?.type ?? dynType } : {}),
      ...(hasAuthorizer
        ? {
            authorizer: structType('kubernetes.authorization.Authorizer'),
            'authorizer.requestResource': structType('kubernetes.authorization.ResourceCheck'),
          }
        : {}),
      ...(variables === undefined ? {} : { variables: composed.type }),
    },
    [requestType, namespaceType, composed, ...(object === undefined ? [] : [object]), ...(params === undefined ? [] : [params])],
  );
  return hasPatchTypes === true ? patchEnvironment(known, patchTypes) : known;
}

/** A type of any fields: what they may be is decided when the patch is applied. */
class AnyFields extends Map<string, { readonly jsonName: string; readonly declared: DeclaredType }> {
  override get(name: string): { readonly jsonName: string; readonly declared: DeclaredType } {
    return { jsonName: name, declared: plain(dynType) };
  }
}

export const jsonPatchType = declaredObject('JSONPatch', { ...texts('op', 'path', 'from'), value: plain(dynType) });
export const applyConfigurationType = structType('Object');

const patchTypes = {
  find(name: string): DeclaredType | undefined {
    if (name === 'JSONPatch') return jsonPatchType;
    if (name !== 'Object' && !name.startsWith('Object.')) return undefined;
    return { type: structType(name), fields: new AnyFields(), sizeMax: 0, serializedMin: 2 };
  },
};

/** What an expression must come to; undefined: anything. */
export type Wanted = readonly CelType[] | undefined;
export const boolWanted: Wanted = [boolType];
export const textWanted: Wanted = [stringType];
export const annotationWanted: Wanted = [stringType, nullType];
export const patchWanted: Wanted = [listType(jsonPatchType.type)];
export const configurationWanted: Wanted = [applyConfigurationType];

export type Compiled = { readonly program: Program } | { readonly problem: string };

/** The text of upstream's type, which prints null otherwise than in its checker's messages. */
const shownType = (type: CelType): string => (type.kind === 'null' ? 'null_type' : typeText(type));

export function compilePolicyExpression(expression: string, scope: Environment, wanted: Wanted): Compiled {
  const program = compileProgram(expression, scope);
  if (isRefused(program)) {
    return { problem: `${program.stage === 'source' ? 'compilation failed' : 'program instantiation failed'}: ${program.problem}` };
  }
  if (wanted === undefined || wanted.some((type) => isSameType(type, program.type))) return { program };
  const [only] = wanted;
  const names = wanted.length === 1 && only !== undefined ? shownType(only) : `one of [${wanted.map(shownType).join(' ')}]`;
  return { problem: `must evaluate to ${names} but got ${shownType(program.type)}` };
}
