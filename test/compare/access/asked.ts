/**
 * The requests of an operation: in the caller's own namespace, in another's and in one that does not exist. Objects
 * have the name of their place. No request changes anything, even where it is allowed.
 */
import type { SentRequest } from '../servers/api-connection.ts';
import type { Operation } from './operations.ts';

export const placeNames = ['own', 'other', 'absent'] as const;
export type Place = (typeof placeNames)[number];

export interface Asked {
  readonly request: SentRequest;
  readonly place: Place;
}

export function askedOf(operation: Operation): readonly Asked[] {
  const isPlaced = /\{(namespace|name)\}/.test(operation.template);
  return (isPlaced ? placeNames : (['own'] as const)).flatMap((place) =>
    queriesOf(operation).map((query) => ({ place, request: requestOf(operation, place, query) })),
  );
}

const isWrite = ({ method }: Operation): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method);

function queriesOf(operation: Operation): readonly string[] {
  if (operation.action === 'connect') return [''];
  if (isWrite(operation)) return ['?dryRun=All'];
  // Refused after it was authorized, so that it does not last.
  const watch = '?watch=true&resourceVersion=none';
  if (operation.action.startsWith('watch')) return ['?resourceVersion=none'];
  // The server waits for a log that no kubelet serves; an invalid limit is refused at once.
  if (operation.template.endsWith('/log')) return ['?limitBytes=-1'];
  return operation.action === 'list' ? ['', watch] : [''];
}

function requestOf(operation: Operation, place: Place, query: string): SentRequest {
  const { method, template } = operation;
  const path =
    template
      .replace('{namespace}', place)
      .replace('{name}', place)
      .replace(/\{\w+\}/g, 'x') + query;
  if (!['POST', 'PUT', 'PATCH'].includes(method) || operation.action === 'connect') return { method, path, headers: {} };
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const metadata =
    method === 'PATCH' ? { labels: { asked: 'yes' } } : { name: method === 'PUT' || template.includes('{name}') ? place : 'made' };
  return { method, path, headers: { 'content-type': type }, body: JSON.stringify({ metadata }) };
}
