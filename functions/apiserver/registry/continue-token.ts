/**
 * The opaque token that a page of a list hands to the next: the revision of the first page, and where to go on.
 * Source: apiserver, pkg/storage/continue.go and pkg/storage/etcd3/errors.go.
 */
import type { Status } from '../../kube/generated/types.ts';
import { jsonSyntaxProblem } from '../../kube/json-syntax.ts';
import type { ObjectName } from '../../kube/object.ts';
import { badRequest, StatusError } from '../../kube/status-error.ts';

export interface ContinueToken {
  /** -1: whatever the state is by now. */
  readonly revision: number;
  /** The last object of the page before. */
  readonly after: ObjectName;
}

const tokenVersion = 'hibernetes/v1';

export function encodeToken({ revision, after }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: tokenVersion, rv: revision, after: [after.namespace, after.name] })).toString('base64url');
}

export function decodeToken(text: string): ContinueToken {
  const invalid = (why: string): StatusError => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const decoded = Buffer.from(text, 'base64url').toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(decoded);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(jsonSyntaxProblem(decoded) ?? error.message);
    throw error;
  }
  if (typeof value !== 'object' || value === null || !('v' in value) || !('rv' in value) || !('after' in value))
    throw invalid('incomplete');
  if (value.v !== tokenVersion) throw invalid(`server does not recognize this encoded version ${JSON.stringify(value.v)}`);
  const [namespace, name] = Array.isArray(value.after) ? value.after.map(String) : [];
  if (typeof value.rv !== 'number' || namespace === undefined || name === undefined)
    throw invalid('incorrect encoded start resourceVersion');
  return { revision: value.rv, after: { namespace, name } };
}

const inconsistentContinue =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue ' +
  'parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided ' +
  'token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was ' +
  'returned and now may show up in the list.';

/** 410, with a token that goes on without the consistency that is lost. */
export class ExpiredToken extends StatusError {
  readonly continueToken: string;

  constructor(expired: ContinueToken, cause: unknown) {
    super(410, 'Expired', inconsistentContinue, { cause });
    this.name = 'ExpiredToken';
    this.continueToken = encodeToken({ revision: -1, after: expired.after });
  }

  override toStatus(): Status {
    return { ...super.toStatus(), metadata: { continue: this.continueToken } };
  }
}
