/**
 * One operation of the API, in neither dialect of OpenAPI, and its translation into both.
 * Version 3 keeps the body apart from the parameters and lists what a media type carries; version 2 does neither.
 */
import type { Json, JsonObject } from '../../kube/object.ts';
import type { ResponseKind } from '../discovery/api-resources.ts';
import { type Parameter, parameterDocument } from './parameters.ts';
import { type Dialect, reference } from './schemas.ts';

export interface Operation {
  /** Unique in the whole API: generated clients name their functions after it. */
  readonly id: string;
  readonly description: string;
  readonly tag: string;
  /** What kubectl and others search for; undefined for what is no resource. */
  readonly action?: string;
  readonly kind?: ResponseKind;
  readonly body?: RequestBody;
  readonly query: readonly Parameter[];
  readonly answers: Readonly<Record<string, Answer>>;
}

export interface RequestBody {
  readonly schema: string;
  readonly mediaTypes: readonly string[];
  readonly required: boolean;
}

export interface Answer {
  readonly description: string;
  /** Media type → name of the schema; `text` for what is no JSON. Version 2 can hold the first alone. */
  readonly content: Readonly<Record<string, string>>;
}

export const text = 'text';

const status = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status';
/** Every refusal, whatever its code. */
const refusal: Answer = { description: 'Not done: see the Status', content: { 'application/json': status } };

export const security: Json[] = [{ BearerToken: [] }];
export const securityScheme: JsonObject = {
  BearerToken: { type: 'apiKey', name: 'authorization', in: 'header', description: 'Bearer TOKEN' },
};

export function operationDocument(operation: Operation, dialect: Dialect): JsonObject {
  const { id, description, tag, action, kind, body, query, answers } = operation;
  const parameters = query.map((parameter) => parameterDocument(parameter, 'query', dialect));
  const responses = Object.entries({ ...answers, default: refusal }).map(([code, answer]) => [code, answerDocument(answer, dialect)]);
  return {
    operationId: id,
    description,
    tags: [tag],
    ...(dialect === 'v2' ? v2Parts(operation, parameters) : { parameters, ...(body === undefined ? {} : v3Body(body)) }),
    responses: Object.fromEntries(responses) as JsonObject,
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(kind === undefined ? {} : { 'x-kubernetes-group-version-kind': { ...kind } }),
  };
}

const schemaOf = (name: string, dialect: Dialect): JsonObject => (name === text ? { type: 'string' } : reference(name, dialect));

function v3Body({ schema, mediaTypes, required }: RequestBody): JsonObject {
  const content = Object.fromEntries(mediaTypes.map((type) => [type, { schema: schemaOf(schema, 'v3') }]));
  return { requestBody: { content, ...(required ? { required } : {}) } };
}

function v2Parts({ body, answers }: Operation, query: readonly JsonObject[]): JsonObject {
  const produced = [...new Set(Object.values(answers).flatMap(({ content }) => Object.keys(content)))];
  const parameters = body === undefined ? [] : [{ name: 'body', in: 'body', required: body.required, schema: schemaOf(body.schema, 'v2') }];
  return {
    ...(body === undefined ? {} : { consumes: [...body.mediaTypes] }),
    produces: produced,
    parameters: [...parameters, ...query],
  };
}

function answerDocument({ description, content }: Answer, dialect: Dialect): JsonObject {
  const types = Object.entries(content);
  const [first] = types;
  if (first === undefined) return { description };
  if (dialect === 'v2') return { description, schema: schemaOf(first[1], dialect) };
  return { description, content: Object.fromEntries(types.map(([type, name]) => [type, { schema: schemaOf(name, dialect) }])) };
}
