/** One round: definitions, right and damaged ones, rules and policies, objects of what they declare; then all of it goes. */
import type { Json, JsonObject } from '../../functions/kube/object.ts';
import { collectionOf, type ComparedKind, namespaceOf } from '../compare/cases/compared-kind.ts';
import { caseFrom, caseOf, type WeightedRecipes } from '../compare/cases/generate.ts';
import { type Choice, choices } from '../compare/cases/random.ts';
import { appliesOfManagers, oddApply, ownedByUpdate, statusApply } from '../compare/cases/recipes/apply.ts';
import { generatedKind } from '../compare/custom/generated.ts';
import { comparedKinds, definitionsPath, type MetadataSchema, served } from '../compare/custom/install.ts';
import { customGroup, customResourceDefinition, type CustomKind, pluralOf } from '../compare/custom/written.ts';
import { runOn } from '../compare/judge/run-case.ts';
import type { ApiConnection, ReceivedAnswer } from '../compare/servers/api-connection.ts';
import { damagedObject, damagedText } from './damage.ts';
import { madeExpression } from './expressions.ts';
import { probeKind } from './probe.ts';

export interface Round {
  readonly api: ApiConnection;
  readonly seed: number;
  readonly number: number;
  readonly metadata: MetadataSchema;
}

const kindsOfRound = 5;
const probesOfRound = 3;
const rulesTried = 12;
const damagedDefinitions = 40;
const damagedObjects = 16;
const casesOfKind = 8;
const triedPolicies = 12;

const applies: WeightedRecipes = [
  [4, appliesOfManagers],
  [2, ownedByUpdate],
  [1, statusApply],
  [1, oddApply],
];

const json = { 'content-type': 'application/json' };
const applyType = { 'content-type': 'application/apply-patch+yaml' };

const send = (
  api: ApiConnection,
  method: string,
  path: string,
  body: Json,
  headers: Record<string, string> = json,
): Promise<ReceivedAnswer> => api.send({ method, path, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

export async function playRound(round: Round): Promise<void> {
  const { api, seed, number } = round;
  const choice = choices(seed, `round ${number}`);
  const kinds = Array.from({ length: kindsOfRound }, (_, index) => generatedKind(choice, number * kindsOfRound + index));
  for (let index = 0; index < probesOfRound; index += 1)
    kinds.push(probeKind(number * probesOfRound + index, await acceptedRules(api, choice)));
  for (let count = 0; count < damagedDefinitions; count += 1) await tryDefinition(api, choice, choice.of(kinds));
  for (let count = 0; count < triedPolicies; count += 1) await tryPolicy(api, choice);
  await Promise.all(kinds.map((kind) => playKind(round, choices(seed, `round ${number} ${kind.kind}`), kind)));
}

/** Rules that are tried one by one: a definition with one that is wrong would be refused. */
async function acceptedRules(api: ApiConnection, choice: Choice): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  for (let count = 0; count < rulesTried; count += 1) {
    const rule = {
      rule: madeExpression(choice),
      ...(choice.next() < 0.2 ? { messageExpression: madeExpression(choice) } : {}),
      ...(choice.next() < 0.2 ? { optionalOldSelf: true } : {}),
    };
    const { status } = await send(api, 'POST', `${definitionsPath}?dryRun=All`, customResourceDefinition(probeKind(0, [rule])));
    if (status === 201) found.push(rule);
  }
  return found;
}

/** Half of them as texts that may be no JSON, and a few in YAML's syntax. */
async function tryDefinition(api: ApiConnection, choice: Choice, kind: CustomKind): Promise<void> {
  const definition = customResourceDefinition(kind);
  const path = `${definitionsPath}?dryRun=All`;
  const chance = choice.next();
  if (chance < 0.6) await send(api, 'POST', path, damagedObject(choice, definition));
  else if (chance < 0.8)
    await send(api, 'POST', path, damagedText(choice, definition), choice.next() < 0.5 ? json : { 'content-type': 'application/yaml' });
  else {
    const name = `${pluralOf(kind)}.${customGroup}`;
    const body = chance < 0.9 ? damagedText(choice, definition) : JSON.stringify(damagedObject(choice, definition));
    await send(api, 'PATCH', `${definitionsPath}/${name}?fieldManager=fuzz&dryRun=All`, body, applyType);
  }
}

async function tryPolicy(api: ApiConnection, choice: Choice): Promise<void> {
  const resources = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] };
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'fuzzed' },
    spec: {
      matchConstraints: { resourceRules: [resources] },
      variables: [{ name: 'self', expression: 'object.data' }],
      matchConditions: [{ name: 'condition', expression: madeExpression(choice).replaceAll('self', 'object') }],
      validations: [{ expression: madeExpression(choice).replaceAll('self', 'variables.self'), messageExpression: madeExpression(choice) }],
      auditAnnotations: [{ key: 'k', valueExpression: madeExpression(choice).replaceAll('self', 'object') }],
    },
  };
  await send(
    api,
    'POST',
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies?dryRun=All',
    choice.next() < 0.7 ? policy : damagedObject(choice, policy),
  );
}

async function playKind({ api, seed, number, metadata }: Round, choice: Choice, custom: CustomKind): Promise<void> {
  const definition = customResourceDefinition(custom);
  const { status } = await api.send({ method: 'POST', path: definitionsPath, headers: json, body: JSON.stringify(definition) });
  if (status !== 201) return;
  await served(api, custom);
  for (const kind of comparedKinds(custom, metadata)) {
    await send(api, 'POST', '/api/v1/namespaces', { metadata: { name: namespaceOf(kind) } });
    for (let count = 0; count < casesOfKind; count += 1) {
      await runOn(api, caseOf(kind, seed + number, count + 3));
      const made = caseFrom(applies, { kind, seed: seed + number, number: count });
      if (made !== undefined) await runOn(api, made);
    }
    for (let count = 0; count < damagedObjects; count += 1) await tryObject(api, choice, kind);
    await send(api, 'DELETE', `/api/v1/namespaces/${namespaceOf(kind)}`, {});
  }
  await send(api, 'DELETE', `${definitionsPath}/${pluralOf(custom)}.${customGroup}`, {});
}

async function tryObject(api: ApiConnection, choice: Choice, kind: ComparedKind): Promise<void> {
  const path = collectionOf(kind);
  const base = { ...choice.of(kind.bases), metadata: { name: 'damaged', managedFields: [managed(choice, kind)] } };
  const body: Json = choice.next() < 0.6 ? damagedObject(choice, base) : damagedText(choice, base);
  const chance = choice.next();
  if (chance < 0.4) await send(api, 'POST', path, body);
  else if (chance < 0.6) await send(api, 'PUT', `${path}/damaged`, body);
  else if (chance < 0.8) await send(api, 'PATCH', `${path}/damaged?fieldManager=fuzz&force=${choice.next() < 0.5}`, body, applyType);
  else
    await send(api, 'PATCH', `${path}/damaged`, body, {
      'content-type': choice.of(['application/merge-patch+json', 'application/json-patch+json']),
    });
}

/** Who manages which fields, in the form in which it is stored. */
const managed = (choice: Choice, { group, version }: ComparedKind): JsonObject => ({
  manager: 'fuzz',
  operation: 'Apply',
  apiVersion: `${group}/${version}`,
  fieldsType: 'FieldsV1',
  fieldsV1: choice.of<JsonObject>([
    { 'f:spec': { '.': {}, 'f:alpha': {} } },
    { 'f:spec': { 'k:{"key":"a"}': { '.': {} }, 'v:"x"': {}, 'i:0': {} } },
    { 'k:{': {}, 'v:': {}, 'i:x': {}, 'q:': {} },
    { 'f:__proto__': { 'f:x': {} } },
  ]),
});
