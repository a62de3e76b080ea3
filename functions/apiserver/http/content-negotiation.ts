/**
 * Which form of an answer a client accepts.
 * Source: apiserver, pkg/endpoints/handlers/negotiation/negotiate.go.
 */
import { StatusError } from '../../kube/status-error.ts';

export type Encoding = 'json' | 'yaml' | 'protobuf';

export const protobufType = 'application/vnd.kubernetes.protobuf';

/** What the objects are turned into: themselves, rows of a table, or nothing but their metadata. */
export type Form = 'object' | 'table' | 'metadata' | 'metadata-list';

export interface Negotiated {
  readonly encoding: Encoding;
  readonly form: Form;
  /** The version of meta.k8s.io when `form` is not `object`. */
  readonly metaVersion: 'v1' | 'v1beta1';
}

interface Clause {
  readonly mediaType: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const encodings: ReadonlyMap<string, Encoding> = new Map([
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  [protobufType, 'protobuf'],
  ['application/*', 'json'],
  ['*/*', 'json'],
]);

const forms: ReadonlyMap<string, Form> = new Map([
  ['Table', 'table'],
  ['PartialObjectMetadata', 'metadata'],
  ['PartialObjectMetadataList', 'metadata-list'],
]);

/** The clauses of an Accept header, best first; those of equal quality stay in order. */
export function acceptClauses(header: string | null): Clause[] {
  const clauses = (header === null || header.trim() === '' ? '*/*' : header).split(',').map(parseClause);
  return clauses
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ mediaType, parameters }) => ({ mediaType, parameters }));
}

function parseClause(text: string): Clause & { readonly quality: number } {
  const [mediaType = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const [name = '', value = ''] = parameter.split('=');
    parameters.set(name.toLowerCase(), value);
  }
  const quality = Number(parameters.get('q') ?? '1');
  return { mediaType: mediaType.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality };
}

/** The media types of all answers, and those of watches. */
const served = ['application/json', 'application/yaml', protobufType];
const streamed = ['application/json;stream=watch', `${protobufType};stream=watch`];

export interface Offered {
  /** Whether the endpoint offers what `as` names. */
  readonly forms: boolean;
  readonly isWatch?: boolean;
  /** Custom kinds have no message: of them protobuf shows metadata only. */
  readonly isCustom?: boolean;
}

/** The first clause that can be served. */
export function negotiate(header: string | null, offered: Offered): Negotiated {
  for (const clause of acceptClauses(header)) {
    const encoding = encodings.get(clause.mediaType);
    const negotiated = encoding === undefined ? undefined : negotiatedForm(encoding, clause, offered.forms);
    if (negotiated === undefined || (encoding === 'protobuf' && !hasMessageOf(negotiated.form, offered))) continue;
    if (offered.isWatch === true && negotiated.encoding === 'yaml') throw notAcceptable(streamed);
    return negotiated;
  }
  throw notAcceptable(served);
}

/** A table has no message. */
const hasMessageOf = (form: Form, { isCustom = false }: Offered): boolean => form !== 'table' && !(isCustom && form === 'object');

/** How an answer that has no other forms goes to the client. What accepts nothing gets JSON. */
export function preferredEncoding(header: string | null): Encoding {
  const clause = acceptClauses(header).find(({ mediaType }) => encodings.has(mediaType));
  return clause === undefined || clause.parameters.has('as') ? 'json' : (encodings.get(clause.mediaType) ?? 'json');
}

/**
 * Refuses before a request is served what its route could not answer: parameters and patterns do not count here.
 * Source: go-restful, route.go, matchesAccept.
 */
export function checkAccept(header: string | null, isList: boolean): void {
  if (header === null || header === '') return;
  const types = header.split(',').map((part) => part.split(';')[0]?.trim() ?? '');
  const available = isList ? [...served, ...streamed] : served;
  if (types.some((type) => type === '*/*' || available.includes(type))) return;
  const message = `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`;
  throw new StatusError(406, 'NotAcceptable', message, { details: {} });
}

/** For a form that an object or a list cannot have. Its type is named as Go names the internal one. */
export const wrongNumber = (isList: boolean, goType: string): StatusError => {
  const [wanted, found] = isList ? ['PartialObjectMetadata', 'a list'] : ['PartialObjectMetadataList', 'not a list'];
  return new StatusError(406, 'NotAcceptable', `you requested ${wanted}, but the requested object is ${found} (*${goType})`);
};

function negotiatedForm(encoding: Encoding, { parameters }: Clause, hasForms: boolean): Negotiated | undefined {
  const as = parameters.get('as');
  if (as === undefined) return { encoding, form: 'object', metaVersion: 'v1' };
  const form = forms.get(as);
  const version = parameters.get('v') ?? 'v1';
  if (form === undefined || !hasForms || parameters.get('g') !== 'meta.k8s.io') return undefined;
  if (version !== 'v1' && version !== 'v1beta1') return undefined;
  return { encoding, form, metaVersion: version };
}

export const notAcceptable = (accepted: readonly string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);

export const unsupportedMediaType = (accepted: readonly string[]): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
