/** Expressions that choose the requests which a webhook is asked about. Source: apiserver, pkg/authorization/cel/{compile,matcher}.go. */
import { environment } from '../../../cel/check/environment.ts';
import { boolType, isSameType, listType, mapType, stringType, typeText } from '../../../cel/check/type.ts';
import { declaredObject, type DeclaredType } from '../../../cel/declared-type.ts';
import { compileProgram, isRefused } from '../../../cel/program.ts';
import { jsonValue } from '../../../cel/values/json.ts';
import { Failure } from '../../../cel/values/value.ts';
import type { SubjectAccessReviewSpec } from '../../../kube/generated/types.ts';
import type { JsonObject } from '../../../kube/object.ts';

const text: DeclaredType = { type: stringType, sizeMax: 0, serializedMin: 0 };
const listOf = (element: DeclaredType): DeclaredType => ({ type: listType(element.type), element, sizeMax: 0, serializedMin: 0 });
const texts = (...names: readonly string[]): Record<string, DeclaredType> => Object.fromEntries(names.map((name) => [name, text]));

const requirement = declaredObject('kubernetes.SelectorRequirement', { ...texts('key', 'operator'), values: listOf(text) });
const selector = (name: string): DeclaredType => declaredObject(name, { rawSelector: text, requirements: listOf(requirement) });
const resourceAttributes = declaredObject('kubernetes.ResourceAttributes', {
  ...texts('namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'),
  fieldSelector: selector('kubernetes.FieldSelectorAttributes'),
  labelSelector: selector('kubernetes.LabelSelectorAttributes'),
});
const requestType = declaredObject('kubernetes.SubjectAccessReviewSpec', {
  ...texts('user', 'uid'),
  resourceAttributes,
  nonResourceAttributes: declaredObject('kubernetes.NonResourceAttributes', texts('path', 'verb')),
  groups: listOf(text),
  extra: { type: mapType(stringType, listType(stringType)), element: listOf(text), sizeMax: 0, serializedMin: 0 },
});
const scope = environment({ request: requestType.type }, [requestType]);

/** `loadExpressions` must have ended. */
export function conditionProblem(source: string): string | undefined {
  const program = compileProgram(source, scope);
  if (isRefused(program)) return `${program.stage === 'source' ? 'compilation' : 'program instantiation'} failed: ${program.problem}`;
  return isSameType(program.type, boolType) ? undefined : `must evaluate to bool but got ${typeText(program.type)}`;
}

const emptyTexts = { namespace: '', verb: '', group: '', version: '', resource: '', subresource: '', name: '' };

const asJson = (object: object): JsonObject => object as JsonObject;

/** Expressions find empty texts and lists where the request has none. */
function withEmptyTexts({
  resourceAttributes,
  user = '',
  uid = '',
  groups = [],
  extra = {},
  ...spec
}: SubjectAccessReviewSpec): JsonObject {
  const resource = resourceAttributes === undefined ? {} : { resourceAttributes: { ...emptyTexts, ...resourceAttributes } };
  return asJson({ ...spec, ...resource, user, uid, groups, extra });
}

/** Whether all hold. A text: none is false, and this is why one of them has no value. */
export type Matches = (spec: SubjectAccessReviewSpec) => boolean | { readonly problem: string };

/** `loadExpressions` must have ended, and the expressions be sound. */
export function compiledConditions(sources: readonly string[]): Matches {
  const programs = sources.flatMap((source) => {
    const program = compileProgram(source, scope);
    return isRefused(program) ? [] : [{ source, program }];
  });
  return (spec) => {
    const request = jsonValue(withEmptyTexts(spec), requestType);
    const problems: string[] = [];
    for (const { source, program } of programs) {
      const { result } = program.evaluate((name) => (name === 'request' ? request : undefined));
      if (result === false) return false;
      if (result instanceof Failure) problems.push(`cel evaluation error: expression '${source}' resulted in error: ${result.message}`);
    }
    return problems.length === 0 ? true : { problem: problems.join(', ') };
  };
}
