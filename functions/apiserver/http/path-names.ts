/**
 * Names that a path cannot carry. A URL object resolves `.` and `..` silently, so that `DELETE …/nodes/.` would mean the
 * whole collection: hosts check the path as it was sent.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathSegmentErrors } from '../../kube/names.ts';
import { badRequest, type StatusError } from '../../kube/status-error.ts';

/** Source: apiserver, pkg/registry/generic/registry/store.go, NamespaceKeyFunc. */
export function checkNameParameter(name: string): void {
  const errors = pathSegmentErrors(name);
  if (errors.length > 0) throw invalidName(name, errors);
}

const invalidName = (name: string, errors: readonly string[]): StatusError =>
  badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${errors.join(';')}`);

/** The answer to a path as it was sent, if it has a part `.` or `..`, escaped or not. */
export function dotSegmentProblem(rawPath: string): StatusError | undefined {
  const [path = ''] = rawPath.split('?', 1);
  const dots = path
    .split('/')
    .map((part) => part.replaceAll(/%2e/gi, '.'))
    .find((part) => part === '.' || part === '..');
  return dots === undefined ? undefined : invalidName(dots, pathSegmentErrors(dots));
}

/** With two, what stands in front of this server may have believed the other one. Source: Go, net/http/server.go, readRequest. */
function hostProblem(rawHeaders: readonly string[]): StatusError | undefined {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  return hosts.length > 1 ? badRequest('too many Host headers') : undefined;
}

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

/** A listener for requests whose paths are taken literally, and that name one host. */
export const withPlainPaths =
  (listener: Listener): Listener =>
  (incoming, outgoing) => {
    const problem = dotSegmentProblem(incoming.url ?? '') ?? hostProblem(incoming.rawHeaders);
    if (problem === undefined) return listener(incoming, outgoing);
    outgoing.writeHead(problem.code, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    return outgoing.end(JSON.stringify(problem.toStatus()));
  };
