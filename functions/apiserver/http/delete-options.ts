/** DeleteOptions, from the body or the query. Source: apimachinery, pkg/apis/meta/v1/validation, ValidateDeleteOptions. */
import { type FieldError, invalid, notSupported } from '../../kube/field-error.ts';
import type { JsonObject } from '../../kube/object.ts';
import { builtIn } from '../../kube/schema.ts';
import { badRequest } from '../../kube/status-error.ts';
import { isJsonObject } from '../registry/decode.ts';
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
}

const optionsSchema = builtIn('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions');

const policies = ['Foreground', 'Background', 'Orphan'] as const;

/** The body counts; without one, the query. */
export const deleteOptionsOf = (body: Body | undefined, query: URLSearchParams): DeleteOptions =>
  parsed(body === undefined ? fromQuery(query) : fromBody(body));

function fromBody({ value }: Body): JsonObject {
  if (!isJsonObject(value)) throw badRequest('expected DeleteOptions');
  if (value['kind'] !== undefined && value['kind'] !== 'DeleteOptions')
    throw badRequest('decoded object cannot be converted to DeleteOptions');
  return optionsSchema.decode(value).object;
}

function fromQuery(query: URLSearchParams): JsonObject {
  const options: JsonObject = {};
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  const orphan = query.get('orphanDependents');
  if (grace !== null && grace !== '') options['gracePeriodSeconds'] = Number(grace);
  if (policy !== null) options['propagationPolicy'] = policy;
  if (orphan !== null) options['orphanDependents'] = isTrue(orphan);
  if (query.getAll('dryRun').length > 0) options['dryRun'] = query.getAll('dryRun');
  return options;
}

/** Reads options that somebody else decoded: those of an eviction. */
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
  if (errors.length > 0) throw invalidOptions('DeleteOptions', errors);
  return {
    gracePeriodSeconds: typeof grace === 'number' ? grace : undefined,
    propagationPolicy: known ?? (typeof orphan === 'boolean' ? (orphan ? 'Orphan' : 'Background') : undefined),
    isLegacyForeground: orphan === false,
    preconditions: isJsonObject(preconditions) ? textFields(preconditions) : {},
    dryRun: dryRuns.includes('All'),
  };
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
