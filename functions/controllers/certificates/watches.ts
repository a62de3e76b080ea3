/** What wakes the controllers of certificates. */
import type { CertificateSigningRequest, Node } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { certificateSigningRequests, nodes } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';

export const certificateWatches: readonly Watch[] = [
  watch<CertificateSigningRequest>(certificateSigningRequests, ({ type, object }) => (type === 'deleted' ? [] : namesOf([object]))),
];

/** A node may ask before its Node has addresses: its request is decided when they are there. */
export const approverWatches: readonly Watch[] = [
  ...certificateWatches,
  watch<Node>(nodes, ({ type, object }, cache) => {
    if (type === 'deleted') return [];
    const user = `system:node:${nameOf(object)}`;
    return namesOf(
      cache.list(certificateSigningRequests).filter(({ spec, status }) => spec.username === user && status?.conditions === undefined),
    );
  }),
];
