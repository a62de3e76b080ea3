/** What a caller reads who may not. Source: apiserver, pkg/endpoints/handlers/responsewriters/errors.go. */
import { StatusError, forbidden } from '../../kube/status-error.ts';
import type { RequestAttributes, User } from '../ports.ts';

/** The texts quote as Go's %q does; names hold nothing that JSON would quote differently. */
const quote = (text: string): string => JSON.stringify(text);

function refusal(user: User, info: RequestAttributes): string {
  const who = `User ${quote(user.name)} cannot ${info.verb}`;
  if (!info.isResource) return `${who} path ${quote(info.path)}`;
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  const what = `${who} resource ${quote(resource)} in API group ${quote(info.group)}`;
  return info.namespace === '' ? `${what} at the cluster scope` : `${what} in the namespace ${quote(info.namespace)}`;
}

/** `reason` is the authorizer's; it may be ''. */
export function forbiddenRequest(user: User, info: RequestAttributes, reason: string): StatusError {
  const why = reason === '' ? refusal(user, info) : `${refusal(user, info)}: ${reason}`;
  if (info.resource === '') return new StatusError(403, 'Forbidden', `forbidden: ${why}`, { details: {} });
  return forbidden({ group: info.group, resource: info.resource }, info.name, why);
}

/** Wrong credentials, or none where some are needed. The client learns no more than that. */
export const unauthorized = (cause?: unknown): StatusError => new StatusError(401, 'Unauthorized', 'Unauthorized', { cause });
