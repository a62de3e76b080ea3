/** Serves discovery: `/api`, `/apis`, and what is below them down to a version. */
import { acceptClauses, negotiate } from '../http/content-negotiation.ts';
import { type TaggedDocument, taggedDocument, taggedResponse } from '../http/tagged-document.ts';
import type { ServedGroup } from './api-resources.ts';
import { aggregatedDocument, coreVersionsDocument, groupDocument, groupListDocument, resourceListDocument } from './documents.ts';

type AggregatedVersion = 'v2' | 'v2beta1';

export interface Discovery {
  /** Undefined when there is no document at the path. */
  fetch(request: Request, path: string): Response | undefined;
}

const aggregatedGroup = 'apidiscovery.k8s.io';

export function createDiscovery(groups: readonly ServedGroup[]): Discovery {
  const documents = new Map<string, TaggedDocument>();
  const document = (key: string, make: () => object): TaggedDocument => {
    const known = documents.get(key) ?? taggedDocument(make());
    documents.set(key, known);
    return known;
  };

  return {
    fetch(request, path) {
      const parts = path.split('/').filter((part) => part !== '');
      const root = parts[0];
      if (root !== 'api' && root !== 'apis') return undefined;
      const ofRoot = groups.filter(({ group }) => (group === '') === (root === 'api'));
      const version = parts.length === 1 ? aggregatedVersion(request) : undefined;
      if (version !== undefined) {
        const type = `application/json;g=${aggregatedGroup};v=${version};as=APIGroupDiscoveryList`;
        return taggedResponse(
          request,
          document(`${root} ${version}`, () => aggregatedDocument(ofRoot, version)),
          { 'content-type': type },
        );
      }
      negotiate(request.headers.get('accept'), { forms: false });
      const make = root === 'api' ? coreDocument(ofRoot, parts) : namedDocument(ofRoot, parts);
      if (make === undefined) return undefined;
      return new Response(document(path, make).body, { headers: { 'content-type': 'application/json', vary: 'Accept' } });
    },
  };
}

/** The first acceptable form decides: kubectl lists aggregated ones before plain JSON. */
function aggregatedVersion(request: Request): AggregatedVersion | undefined {
  for (const { mediaType, parameters } of acceptClauses(request.headers.get('accept'))) {
    const version = parameters.get('v');
    const isAggregated = parameters.get('g') === aggregatedGroup && parameters.get('as') === 'APIGroupDiscoveryList';
    if (mediaType !== 'application/json') continue;
    if (isAggregated && (version === 'v2' || version === 'v2beta1')) return version;
    if (!parameters.has('as')) return undefined;
  }
  return undefined;
}

type Make = () => object;

function coreDocument(groups: readonly ServedGroup[], [, version, ...rest]: readonly string[]): Make | undefined {
  if (rest.length > 0) return undefined;
  if (version === undefined) return () => coreVersionsDocument(groups);
  return versionDocument(groups[0], version);
}

function namedDocument(groups: readonly ServedGroup[], [, name, version, ...rest]: readonly string[]): Make | undefined {
  if (rest.length > 0) return undefined;
  if (name === undefined) return () => groupListDocument(groups);
  const group = groups.find((one) => one.group === name);
  if (group === undefined) return undefined;
  return version === undefined ? () => groupDocument(group) : versionDocument(group, version);
}

function versionDocument(group: ServedGroup | undefined, name: string): Make | undefined {
  const version = group?.versions.find((one) => one.version === name);
  if (group === undefined || version === undefined) return undefined;
  return () => resourceListDocument(group.group, version);
}
