/** The query and path parameters that the verbs read, each defined once. */
import type { JsonObject } from '../../kube/object.ts';
import type { Dialect } from './schemas.ts';

export type ParameterType = 'boolean' | 'integer' | 'string' | 'strings' | 'integers';

export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly description?: string;
}

const parameter = (name: string, type: ParameterType, description: string): Parameter => ({ name, type, description });

const dryRun = parameter('dryRun', 'string', 'All: check everything and store nothing');
const fieldManager = parameter('fieldManager', 'string', 'Who writes, for the record');
const fieldValidation = parameter(
  'fieldValidation',
  'string',
  'What becomes of unknown or repeated fields: Ignore, Warn (the default) or Strict',
);
const resourceVersion = parameter('resourceVersion', 'string', 'No older than this version; unset: the newest; 0: whatever is at hand');
const labelSelector = parameter('labelSelector', 'string', 'Only objects whose labels match');
const fieldSelector = parameter('fieldSelector', 'string', 'Only objects whose fields match');
const limit = parameter('limit', 'integer', 'At most so many objects; the answer then has a continue token');
const continuation = parameter('continue', 'string', 'Where the last answer stopped');
const resourceVersionMatch = parameter('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan');
const timeoutSeconds = parameter('timeoutSeconds', 'integer', 'How long a watch lasts at most');
const gracePeriodSeconds = parameter('gracePeriodSeconds', 'integer', 'How long the object may take to end; 0: none');
const orphanDependents = parameter('orphanDependents', 'boolean', 'Older form of propagationPolicy');
const propagationPolicy = parameter('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground');

const write = [dryRun, fieldManager, fieldValidation];
const selection = [continuation, fieldSelector, labelSelector, limit, resourceVersion, resourceVersionMatch];
const deletion = [dryRun, gracePeriodSeconds, orphanDependents, propagationPolicy];

/** Verb → what it reads of the query. */
export const queryOf: Readonly<Record<string, readonly Parameter[]>> = {
  create: write,
  update: write,
  patch: [...write, parameter('force', 'boolean', 'Of an apply: takes fields from other managers')],
  get: [resourceVersion],
  delete: deletion,
  deletecollection: [...deletion, ...selection],
  list: [
    ...selection,
    parameter('allowWatchBookmarks', 'boolean', 'A watch also sends, now and then, how far it has come'),
    parameter('sendInitialEvents', 'boolean', 'A watch begins with everything there is'),
    timeoutSeconds,
    parameter('watch', 'boolean', 'Answers with a stream of changes, one JSON document a line'),
  ],
};

const pathParameters: Readonly<Record<string, string>> = {
  name: 'Name of the object',
  namespace: 'Namespace of the object',
  path: 'The path on the proxied server',
};

export const pathParameterDocuments = (path: string, dialect: Dialect): JsonObject[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) =>
    parameterDocument({ name, type: 'string', description: pathParameters[name] }, 'path', dialect),
  );

export function parameterDocument({ name, type, description }: Parameter, place: 'query' | 'path', dialect: Dialect): JsonObject {
  const schema = schemas[type];
  // Lists are sent as the same name several times.
  const repeated: JsonObject = dialect === 'v2' ? { collectionFormat: 'multi' } : { explode: true };
  const isList = type === 'strings' || type === 'integers';
  return {
    name,
    in: place,
    ...(description === undefined ? {} : { description }),
    ...(place === 'path' ? { required: true } : {}),
    ...(dialect === 'v2' ? schema : { schema }),
    ...(isList ? repeated : {}),
  };
}

const schemas: Readonly<Record<ParameterType, JsonObject>> = {
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  string: { type: 'string' },
  strings: { type: 'array', items: { type: 'string' } },
  integers: { type: 'array', items: { type: 'integer' } },
};
