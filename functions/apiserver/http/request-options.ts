/**
 * The query parameters of the verbs: parsed and checked once, refused in upstream's words.
 * Source: apimachinery, pkg/apis/meta/v1/validation and pkg/apis/meta/internalversion/validation.
 */
import { type FieldError, forbiddenField, invalid, invalidObject, notSupported, required } from '../../kube/field-error.ts';
import { goQuote, isPrintable } from '../../kube/go-quote.ts';
import type { JsonObject } from '../../kube/object.ts';
import { badRequest, plainError } from '../../kube/status-error.ts';
import { isTrue } from './request-info.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

type WriteOptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

export interface WriteOptions {
  readonly kind: WriteOptionsKind;
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Whether the client named it. */
  readonly namesFieldValidation?: boolean;
  /** The field manager; empty when the client named none. */
  readonly fieldManager: string;
  /** Apply takes fields away from other managers. */
  readonly force: boolean;
}

export type VersionMatch = '' | 'Exact' | 'NotOlderThan';

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** The most objects in one page; 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  /** The resource version that the client named; empty when it named none. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: VersionMatch;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly timeoutSeconds: number | undefined;
}

const fieldValidations = ['Ignore', 'Warn', 'Strict'] as const;

/** `kind` names the options in the message of a refusal. */
export function writeOptionsOf(query: URLSearchParams, kind: WriteOptionsKind, patch?: PatchSort): WriteOptions {
  const text = query.get('fieldValidation') ?? '';
  const fieldValidation = fieldValidations.find((value) => value === text);
  const errors: FieldError[] = patch === undefined ? [] : patchErrors(query, patch);
  errors.push(...dryRunErrors(query.getAll('dryRun')));
  if (text !== '' && fieldValidation === undefined)
    errors.push(notSupported('fieldValidation', text, ['', ...fieldValidations.toSorted()]));
  const fieldManager = query.get('fieldManager') ?? '';
  errors.push(...fieldManagerErrors(fieldManager));
  if (errors.length > 0) throw invalidOptions(kind, errors);
  return {
    kind,
    dryRun: query.getAll('dryRun').includes('All'),
    fieldValidation: fieldValidation ?? 'Warn',
    ...(fieldValidation === undefined ? {} : { namesFieldValidation: true }),
    fieldManager,
    force: isTrue(query.get('force')),
  };
}

/** The options as an object, for those who decide about the write. */
/** As admission sees it: what a patch comes to is a creation or an update. */
export function writeOptionsObject(options: WriteOptions, kind: 'CreateOptions' | 'UpdateOptions'): JsonObject {
  const { dryRun, fieldManager, fieldValidation, namesFieldValidation = false } = options;
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(fieldManager === '' ? {} : { fieldManager }),
    ...(namesFieldValidation ? { fieldValidation } : {}),
  };
}

export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.every((value) => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])];
}

/** An apply names its manager, and no other patch takes fields by force. */
export type PatchSort = 'apply' | 'other';

function patchErrors(query: URLSearchParams, sort: PatchSort): FieldError[] {
  if (sort === 'apply') return (query.get('fieldManager') ?? '') === '' ? [required('fieldManager', 'is required for apply patch')] : [];
  return query.has('force') ? [forbiddenField('force', 'may not be specified for non-apply patch')] : [];
}

const fieldManagerMax = 128;

function fieldManagerErrors(name: string): FieldError[] {
  if (Buffer.byteLength(name) > fieldManagerMax) {
    return [{ type: 'FieldValueTooLong', field: 'fieldManager', message: `Too long: may not be more than ${fieldManagerMax} bytes` }];
  }
  let position = 0;
  return Array.from(name).flatMap((character) => {
    const at = position;
    position += Buffer.byteLength(character);
    if (isPrintable(character)) return [];
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return [invalid('fieldManager', name, `invalid character U+${code} (at position ${at})`)];
  });
}

export const invalidOptions = (kind: string, errors: readonly FieldError[]): Error =>
  invalidObject({ group: 'meta.k8s.io', kind }, '', errors);

export function listOptionsOf(query: URLSearchParams, isWatch: boolean): ListOptions {
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = query.get('sendInitialEvents');
  const options: ListOptions = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit: numberOf(query, 'limit') ?? 0,
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: match === 'Exact' || match === 'NotOlderThan' ? match : '',
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: sendInitialEvents === null ? undefined : isTrue(sendInitialEvents),
    timeoutSeconds: numberOf(query, 'timeoutSeconds'),
  };
  const errors = isWatch ? watchMatchErrors(match, options) : listMatchErrors(match, options);
  if (errors.length > 0) throw invalidOptions('ListOptions', errors);
  if (options.continue !== '' && options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  return options;
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(text);
}

function listMatchErrors(match: string, options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (match !== '') {
    if (options.resourceVersion === '') errors.push(forbiddenMatch('unless resourceVersion is provided'));
    if (options.continue !== '') errors.push(forbiddenMatch('when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(notSupported(matchField, match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && options.resourceVersion === '0') {
      errors.push(forbiddenField(matchField, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (options.sendInitialEvents !== undefined) errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return errors;
}

function watchMatchErrors(match: string, options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const sendsInitial = options.sendInitialEvents !== undefined;
  if (sendsInitial && match !== 'NotOlderThan') {
    errors.push(forbiddenField(matchField, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match === '') return errors;
  if (!sendsInitial) errors.push(forbiddenMatch('for watch unless sendInitialEvents is provided'));
  if (match !== 'NotOlderThan') errors.push(notSupported(matchField, match, ['NotOlderThan']));
  if (options.continue !== '') errors.push(forbiddenMatch('when continue is provided'));
  return errors;
}

const matchField = 'resourceVersionMatch';
const forbiddenMatch = (when: string): FieldError => forbiddenField(matchField, `resourceVersionMatch is forbidden ${when}`);

/** The revision that a resourceVersion asks for; undefined for '' and '0', which ask for none. Lists refuse a bad one as such. */
export function revisionOf(resourceVersion: string, isList: boolean): number | undefined {
  if (resourceVersion === '' || resourceVersion === '0') return undefined;
  const problem = uint64Problem(resourceVersion);
  if (problem === undefined) return Number(resourceVersion);
  const text = `resourceVersion: Invalid value: ${goQuote(resourceVersion)}: ${problem}`;
  throw isList ? badRequest(`invalid resource version: ${text}`) : plainError(text);
}

const uint64Max = (1n << 64n) - 1n;

/** Why Go cannot read the text as a revision. */
export function uint64Problem(text: string): string | undefined {
  const isDigits = /^\d+$/.test(text);
  if (isDigits && BigInt(text) <= uint64Max) return undefined;
  return `strconv.ParseUint: parsing ${goQuote(text)}: ${isDigits ? 'value out of range' : 'invalid syntax'}`;
}
