/** DeleteOptions, from the body or the query. Source: apimachinery, pkg/apis/meta/v1/validation, ValidateDeleteOptions. */
import { DocumentError } from '../../kube/document-error.ts';
import { type FieldError, invalid, notSupported } from '../../kube/field-error.ts';
import { goQuote } from '../../kube/go-quote.ts';
import { type JsonObject, isJsonObject } from '../../kube/object.ts';
import { builtIn } from '../../kube/schema.ts';
import { badRequest, hasReason } from '../../kube/status-error.ts';
import { notRegistered, objectOf, slashes, textOf, unexpectedVersion } from '../registry/decode.ts';
import type { Body } from './request-body.ts';
import { isTrue } from './request-info.ts';
import { dryRunErrors, invalidOptions } from './request-options.ts';

export type PropagationPolicy = 'Orphan' | 'Background' | 'Foreground';

export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: PropagationPolicy | undefined;
  /** The deprecated field was given as false: an answer with 202 is then expected while the object is still there. */
  readonly isLegacyForeground: boolean;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun: boolean;
  /** The object cannot be read, and is to go nevertheless. */
  readonly ignoresReadError: boolean;
}

const optionsSchema = builtIn('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions');

const policies = ['Foreground', 'Background', 'Orphan'] as const;

/** The body counts; without one, the query. */
export const deleteOptionsOf = (body: Body | undefined, query: URLSearchParams): DeleteOptions =>
  parsed(body === undefined ? fromQuery(query) : fromBody(body));

const optionsKind = 'DeleteOptions';

function fromBody(body: Body): JsonObject {
  const value = optionsObject(body);
  const version = textOf(value['apiVersion']) || 'meta.k8s.io/v1';
  const kind = textOf(value['kind']) || optionsKind;
  if (slashes(version) > 1) throw badRequest(`${unexpectedVersion} ${version}`);
  // Any group may have its own DeleteOptions: they are all alike.
  if (metaKinds.has(kind)) throw badRequest(`converting (v1.${kind}) to (v1.DeleteOptions): unknown conversion`);
  if (kind !== optionsKind) throw badRequest(notRegistered(kind, version));
  try {
    return optionsSchema.decode(value).object;
  } catch (error) {
    if (hasReason(error, 'BadRequest')) throw badRequest(error.message.replace(handledAs, ''));
    throw error;
  }
}

function optionsObject(body: Body): JsonObject {
  try {
    return objectOf(body);
  } catch (error) {
    if (error instanceof DocumentError) throw badRequest(error.message);
    throw error;
  }
}

/** What a decoder of objects puts before its words. */
const handledAs = /^.* cannot be handled as a DeleteOptions: /;
/** Source: apimachinery, pkg/apis/meta/v1/register.go. */
const metaKinds: ReadonlySet<string> = new Set([
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'APIVersions',
  'CreateOptions',
  'GetOptions',
  'List',
  'ListOptions',
  'PatchOptions',
  'PartialObjectMetadata',
  'PartialObjectMetadataList',
  'Status',
  'Table',
  'TableOptions',
  'UpdateOptions',
  'WatchEvent',
]);

function fromQuery(query: URLSearchParams): JsonObject {
  const options: JsonObject = {};
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  const orphan = query.get('orphanDependents');
  if (grace !== null && grace !== '') {
    if (!/^[+-]?\d+$/.test(grace)) throw badRequest(`strconv.ParseInt: parsing ${goQuote(grace)}: invalid syntax`);
    options['gracePeriodSeconds'] = Number(grace);
  }
  if (policy !== null) options['propagationPolicy'] = policy;
  const ignores = query.get(ignoreReadError);
  if (ignores !== null) options[ignoreReadError] = isTrue(ignores);
  if (orphan !== null) options['orphanDependents'] = isTrue(orphan);
  if (query.getAll('dryRun').length > 0) options['dryRun'] = query.getAll('dryRun');
  return options;
}

/** Reads options that are decoded already: those of an eviction. */
export function parsed(options: JsonObject): DeleteOptions {
  const { gracePeriodSeconds: grace, propagationPolicy: policy, orphanDependents: orphan, dryRun, preconditions } = options;
  const dryRuns = Array.isArray(dryRun) ? dryRun.map(String) : [];
  const errors: FieldError[] = dryRunErrors(dryRuns);
  const known = policies.find((name) => name === policy);
  if (typeof policy === 'string' && typeof orphan === 'boolean') {
    errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'));
  } else if (typeof policy === 'string' && known === undefined) {
    errors.push(notSupported('propagationPolicy', policy, [...policies, 'nil']));
  }
  const ignoresReadError = options[ignoreReadError] === true;
  if (ignoresReadError) errors.push(...aloneErrors(options));
  if (errors.length > 0) throw invalidOptions('DeleteOptions', errors);
  return {
    gracePeriodSeconds: typeof grace === 'number' ? grace : undefined,
    propagationPolicy: known ?? (typeof orphan === 'boolean' ? (orphan ? 'Orphan' : 'Background') : undefined),
    isLegacyForeground: orphan === false,
    preconditions: isJsonObject(preconditions) ? textFields(preconditions) : {},
    dryRun: dryRuns.includes('All'),
    ignoresReadError,
  };
}

const ignoreReadError = 'ignoreStoreReadErrorWithClusterBreakingPotential';

/** Options that need the object. Source: validation.go, ValidateIgnoreStoreReadError. */
const aloneErrors = (options: JsonObject): FieldError[] =>
  ['propagationPolicy', 'orphanDependents', 'gracePeriodSeconds', 'preconditions']
    .filter((name) => options[name] !== undefined)
    .map((name) => invalid(ignoreReadError, true, `cannot be set together with .${name}`));

/** A collection is deleted by what its objects hold. Source: apiserver, pkg/endpoints/handlers/delete.go (DeleteCollection). */
export function requireReadable({ ignoresReadError }: DeleteOptions): void {
  if (!ignoresReadError) return;
  const why = 'is not allowed with DELETECOLLECTION, try again after removing the option';
  throw invalidOptions(optionsKind, [invalid(ignoreReadError, true, why)]);
}

/** The options as an object, for those who decide about the deletion. */
export function deleteOptionsObject({ gracePeriodSeconds, propagationPolicy, preconditions, dryRun }: DeleteOptions): JsonObject {
  return {
    kind: 'DeleteOptions',
    apiVersion: 'meta.k8s.io/v1',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions: { ...preconditions } }),
    ...(dryRun ? { dryRun: ['All'] } : {}),
  };
}

function textFields({ uid, resourceVersion }: JsonObject): DeleteOptions['preconditions'] {
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}
