/** What wakes the controllers of certificates. */
import type { CertificateSigningRequest } from '../../kube/generated/types.ts';
import { certificateSigningRequests } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';

export const certificateWatches: readonly Watch[] = [
  watch<CertificateSigningRequest>(certificateSigningRequests, ({ type, object }) => (type === 'deleted' ? [] : namesOf([object]))),
];
