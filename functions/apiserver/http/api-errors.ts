/** Errors of the endpoints themselves. Source: apimachinery, pkg/api/errors/errors.go. */
import { groupResource, type ResourceType } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', { details: {} });

/** The handler of custom kinds names what it refuses. */
export const methodNotSupported = (type: ResourceType, verb: string): StatusError =>
  new StatusError(405, 'MethodNotAllowed', `${verb} is not supported on resources of kind ${JSON.stringify(groupResource(type))}`, {
    details: { group: type.group, kind: type.resource },
  });

/** What Go's router answers: not a Status, since no handler is there to make one. */
export const pageNotFound = (): Response =>
  new Response('404 page not found\n', {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache, private' },
  });

/** Details without a name are how kubectl knows that the cluster, not the object, lacks it. */
export const subresourceNotFound = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', { details: {} });
