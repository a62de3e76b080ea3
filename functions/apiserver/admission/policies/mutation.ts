/** What one mutating policy makes of an object. Source: apiserver, pkg/admission/plugin/policy/mutating/patch/{json_patch,smd}.go. */
import type { CelObject, CelValue, Result } from '../../../cel/values/value.ts';
import { Failure, isList, isMap, isObjectValue } from '../../../cel/values/value.ts';
import { toJson } from '../../../cel/values/to-json.ts';
import { loadExpressions, objectCostMax } from '../../../cel/program.ts';
import type { MutatingAdmissionPolicy } from '../../../kube/generated/types.ts';
import { mergeType, type MergeType } from '../../../kube/managed-fields/merge-type.ts';
import { merged } from '../../../kube/managed-fields/merge-values.ts';
import { validateTyped } from '../../../kube/managed-fields/validation.ts';
import { MergeError } from '../../../kube/managed-fields/merge-walk.ts';
import { type Json, type JsonObject, type KubeObject, isJsonObject } from '../../../kube/object.ts';
import { ownField } from '../../../kube/own-field.ts';
import { applyJsonPatch } from '../../../kube/patch/json.ts';
import { StatusError } from '../../../kube/status-error.ts';
import { configurationWanted, patchWanted } from '../../../resources/admissionregistration/policy-expressions.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { changedObject } from '../changed-object.ts';
import type { Match } from '../match/resource-match.ts';
import { internal } from '../webhooks/invocation.ts';
import { compiled, compiledConditions, compiledVariables, conditionsHold } from './compiled-policy.ts';
import { type Answers, type CompiledExpression, Evaluator, type NamedExpression, OutOfBudget, type Situation } from './evaluator.ts';

export { conditionsHold, loadExpressions };

interface CompiledMutation {
  readonly expression: CompiledExpression;
  readonly isPatch: boolean;
}

interface CompiledPolicy {
  readonly conditions: readonly NamedExpression[];
  readonly variables: readonly NamedExpression[];
  readonly mutations: readonly CompiledMutation[];
}

const known = new WeakMap<MutatingAdmissionPolicy, CompiledPolicy>();

export function compiledPolicy(policy: MutatingAdmissionPolicy): CompiledPolicy {
  const found = known.get(policy);
  if (found !== undefined) return found;
  const { matchConditions = [], variables: given = [], mutations = [], paramKind } = policy.spec ?? {};
  const hasParams = paramKind !== undefined;
  const { variables, types } = compiledVariables(given, hasParams);
  const scope = { hasParams, hasAuthorizer: true, hasPatchTypes: true, variables: types };
  const made: CompiledPolicy = {
    conditions: compiledConditions(matchConditions, hasParams),
    variables,
    mutations: mutations.map(({ patchType, jsonPatch, applyConfiguration }) => {
      const isPatch = patchType === 'JSONPatch';
      const source = ((isPatch ? jsonPatch?.expression : applyConfiguration?.expression) ?? '').trim();
      return { isPatch, expression: compiled(source, scope, isPatch ? patchWanted : configurationWanted) };
    }),
  };
  known.set(policy, made);
  return made;
}

/** The mutation cannot be made: the policy's failurePolicy decides. */
export class MutationFault extends Error {}

export interface MutationAsked {
  readonly attributes: AdmissionAttributes;
  readonly match: Match;
  /** The object in its stored form. */
  readonly object: KubeObject;
  readonly situation: Situation;
  readonly answers: Answers;
}

/** The object after this mutation, in the form that is stored. */
export async function mutated(
  { variables }: CompiledPolicy,
  { expression, isPatch }: CompiledMutation,
  asked: MutationAsked,
): Promise<KubeObject> {
  const evaluator = new Evaluator(asked.situation, asked.answers, objectCostMax);
  evaluator.compose(variables);
  const value = await evaluated(evaluator, expression);
  const change = isPatch ? patchChange(value) : configurationChange(value, asked.match);
  const { attributes, match, object } = asked;
  const { object: next, unknown } = readAgain(() => changedObject(object, attributes, match.served, change));
  const [first] = unknown;
  if (first !== undefined)
    throw internal(`strict decoding error: ${unknown.map((field) => `unknown field ${JSON.stringify(field)}`).join(', ')}`);
  return next;
}

/** What the patch made is no object of the kind: that is the server's own failure, to the client. */
function readAgain<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error;
    throw internal(error.message.replace(/^.* cannot be handled as an? \S+: /, ''), error);
  }
}

async function evaluated(evaluator: Evaluator, expression: CompiledExpression): Promise<CelValue> {
  let result: Result;
  try {
    result = await evaluator.evaluate(expression);
  } catch (error) {
    if (error instanceof OutOfBudget) throw new MutationFault(error.message);
    throw error;
  }
  if (result instanceof Failure) throw new MutationFault(result.message);
  return result;
}

type PatchOperation = JsonObject & { readonly op: string; readonly path: string };

type Change = (shown: JsonObject) => JsonObject;

function patchChange(value: CelValue): Change {
  if (!isList(value)) throw new MutationFault('type mismatch: JSONPatchType.expression should evaluate to array');
  const operations = value.map(operationOf);
  return (shown) => {
    let next = shown;
    for (const operation of operations) {
      const after = patched(next, operation);
      // A test that fails leaves the object as it was.
      if (after === undefined) return shown;
      next = after;
    }
    return next;
  };
}

function patched(shown: JsonObject, operation: PatchOperation): JsonObject | undefined {
  try {
    return applyJsonPatch(shown, [operation]);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (operation['op'] === 'test') return undefined;
    throw new MutationFault(`JSON Patch: ${whyNot(shown, operation)}`);
  }
}

/** In the words of upstream's library. Source: evanphx/json-patch v4, patch.go. */
function whyNot(shown: JsonObject, { op, path }: PatchOperation): string {
  const steps = path.split('/').slice(1);
  const key = steps.at(-1) ?? '';
  const missing = `${op} operation does not apply: doc is missing`;
  if (!isThere(shown, steps.slice(0, -1)) || op === 'add') return `${missing} path: ${JSON.stringify(path)}: missing value`;
  if (op === 'remove') return `error in remove for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`;
  return `${missing} key: ${path}: missing value`;
}

function isThere(document: Json, steps: readonly string[]): boolean {
  let current: Json | undefined = document;
  for (const step of steps) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(current)) current = current[Number(name)];
    else current = isJsonObject(current) ? ownField(current, name) : undefined;
    if (current === undefined) return false;
  }
  return true;
}

function textField(value: CelObject, name: string): string {
  const field = value.field(name) ?? '';
  return typeof field === 'object' ? '' : String(field);
}

function operationOf(value: CelValue): PatchOperation {
  if (!isObjectValue(value)) throw new MutationFault('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
  const [op, path, from] = [textField(value, 'op'), textField(value, 'path'), textField(value, 'from')];
  const given = value.field('value');
  if (given !== undefined && isObjectValue(given)) checkTypeNames(given, given.type.name);
  const json = given === undefined ? undefined : toJson(given);
  if (json instanceof Failure) {
    throw new MutationFault(`JSONPath valueExpression evaluated to a type that could not marshal to JSON: ${json.message}`);
  }
  return { op, path, ...(from === '' ? {} : { from }), ...(json === undefined ? {} : { value: json }) };
}

/** `Object.spec.template` may stand in the field `template` of an `Object.spec` only. */
function checkTypeNames(value: CelValue, expected: string): void {
  if (isObjectValue(value)) {
    const { name } = value.type;
    if (name !== expected) {
      const why = `unexpected type name ${JSON.stringify(name)}, expected ${JSON.stringify(expected)}, which matches field name path from root Object type`;
      throw new MutationFault(`type mismatch: ${why}`);
    }
    for (const field of value.fieldNames()) checkTypeNames(value.field(field) ?? null, `${expected}.${field}`);
  } else if (isList(value)) for (const item of value) checkTypeNames(item, expected);
  else if (isMap(value)) for (const key of value.keys()) checkTypeNames(value.get(key) ?? null, expected);
}

function configurationChange(value: CelValue, { served }: Match): Change {
  if (!isObjectValue(value)) throw new MutationFault('unsupported return type from ApplyConfiguration expression');
  checkTypeNames(value, 'Object');
  const configuration = configurationJson(value);
  const type = mergeType(served.schema.node);
  return (shown) => {
    const { apiVersion = '', kind = '' } = shown;
    const sent: JsonObject = { ...configuration, apiVersion, kind };
    checkConfiguration(sent, type);
    try {
      return merged(shown, sent, type) as JsonObject;
    } catch (error) {
      if (!(error instanceof MergeError)) throw error;
      throw new MutationFault(`error applying patch: failed to merge patch: ${error.message}`);
    }
  };
}

function configurationJson(value: CelObject): JsonObject {
  const json = toJson(value);
  if (json instanceof Failure) throw new MutationFault(json.message);
  return json as JsonObject;
}

function checkConfiguration(sent: JsonObject, type: MergeType): void {
  try {
    validateTyped(sent, type, { allowsDuplicates: false });
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    throw new MutationFault(`error applying patch: failed to convert patch object to typed object: ${error.message}`);
  }
  const found = atomics(sent, type, '');
  if (found.length > 0) {
    throw new MutationFault(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${found.join(', ')}`,
    );
  }
}

/** Where the value replaces something whole, which would take it from others. */
function atomics(value: Json, { map, list }: MergeType, path: string): string[] {
  if (isJsonObject(value) && map !== undefined) {
    const below = Object.entries(value).flatMap(([name, part]) => {
      const type = map.has(name) ? map.field(name) : undefined;
      return type === undefined ? [] : atomics(part, type, `${path}.${name}`);
    });
    return [...(map.isAtomic ? [path] : []), ...below];
  }
  if (!Array.isArray(value) || list === undefined) return [];
  return [...(list.isAtomic ? [path] : []), ...value.flatMap((item, index) => atomics(item, list.item(), `${path}[${index}]`))];
}
