/**
 * What a kubelet is asked for a container, as a path. Pure.
 * Source: pkg/registry/core/pod/strategy.go (LogLocation, streamParams)
 */
import type { ObjectName } from '../../kube/object.ts';

export interface PodRequest {
  /** `log`, `exec`, `attach`, `portforward`. */
  readonly subresource: string;
  readonly pod: ObjectName;
  /** The client's, with the container that is meant. */
  readonly query: URLSearchParams;
}

/** A flag without a value is set. Source: apimachinery, pkg/runtime/converter.go (Convert_Slice_string_To_bool) */
export const isSet = (query: URLSearchParams, name: string): boolean =>
  query.has(name) && !['false', '0'].includes((query.get(name) ?? '').toLowerCase());

const logFlags = ['follow', 'previous', 'timestamps'];
const logValues = ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes', 'stream'];

function logQuery(query: URLSearchParams): [string, string][] {
  const flags = logFlags.filter((name) => isSet(query, name)).map((name): [string, string] => [name, 'true']);
  const values = logValues.map((name): [string, string] => [name, query.get(name) ?? '']);
  return [...flags, ...values.filter(([, value]) => value !== '')];
}

const streams = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' };

const streamQuery = (query: URLSearchParams): [string, string][] =>
  Object.entries(streams)
    .filter(([name]) => isSet(query, name))
    .map(([, parameter]) => [parameter, '1']);

const commandOf = (query: URLSearchParams): [string, string][] => query.getAll('command').map((word) => ['command', word]);

function portQuery(query: URLSearchParams): [string, string][] {
  const ports = query.getAll('ports');
  return ports.length === 0 ? [] : [['port', ports.join(',')]];
}

/** By its subresource: the first word of the path, whether a container is named, and the query. */
const requests: Readonly<
  Record<string, readonly [word: string, ofContainer: boolean, query: (from: URLSearchParams) => [string, string][]]>
> = {
  log: ['containerLogs', true, logQuery],
  exec: ['exec', true, (query) => [...streamQuery(query), ...commandOf(query)]],
  attach: ['attach', true, streamQuery],
  portforward: ['portForward', false, portQuery],
};

export function kubeletPath({ subresource, pod, query }: PodRequest): string {
  const request = requests[subresource];
  if (request === undefined) throw new Error(`a kubelet answers no ${subresource}`);
  const [word, ofContainer, parameters] = request;
  const names = [pod.namespace, pod.name, ...(ofContainer ? [query.get('container') ?? ''] : [])];
  const search = new URLSearchParams(parameters(query)).toString();
  return `/${[word, ...names.map(encodeURIComponent)].join('/')}${search === '' ? '' : `?${search}`}`;
}
