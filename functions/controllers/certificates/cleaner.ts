/** Removes certificate requests an hour after their end, after a day without an end, or when the certificate expires. Source: pkg/controller/certificates/cleaner/cleaner.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import { X509Certificate } from 'node:crypto';
import type { CertificateSigningRequest } from '../../kube/generated/types.ts';
import { certificateSigningRequests } from '../../kube/resource-type.ts';
import { parseTime } from '../../kube/time.ts';
import type { Controller } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { conditionIn, isIssued } from './requests.ts';
import { certificateWatches } from './watches.ts';
import { certificatesRole } from './role.ts';

const hourMs = 3_600_000;
const settledMs = hourMs;
const pendingMs = 24 * hourMs;

export const certificateCleanerController: Controller = {
  name: 'certificate-cleaner',
  actsAs: userNameOf(certificatesRole),
  component: 'certificate-controller',
  watches: certificateWatches,
  all: (cache) => namesOf(cache.list(certificateSigningRequests)),
  async reconcile(name, context) {
    const request = context.cache.get(certificateSigningRequests, name);
    if (request === undefined) return settled;
    const leftMs = endMs(request) - context.clock.now();
    if (leftMs > 0) return leftMs === Infinity ? settled : again(leftMs / 1000);
    await remove(certificateSigningRequests, request, context);
    return settled;
  },
};

/** When the request has served its purpose. Infinity: what became of it bears no time. */
export function endMs(request: CertificateSigningRequest): number {
  const after = (time: string | undefined, ms: number): number => (time === undefined ? Infinity : parseTime(time) + ms);
  const since = (type: string, ms: number): number => after(conditionIn(request, type)?.lastUpdateTime, ms);
  const isPending = (request.status?.conditions ?? []).length === 0;
  return Math.min(
    isPending ? after(request.metadata.creationTimestamp, pendingMs) : Infinity,
    since('Denied', settledMs),
    since('Failed', settledMs),
    since('Approved', isIssued(request) ? settledMs : pendingMs),
    conditionIn(request, 'Approved') === undefined ? Infinity : expiryMs(request),
  );
}

function expiryMs({ status }: CertificateSigningRequest): number {
  if (!status?.certificate) return Infinity;
  try {
    return new X509Certificate(Buffer.from(status.certificate, 'base64')).validToDate.getTime();
  } catch (error) {
    // Other signers may have put there what is no certificate.
    if (error instanceof Error) return Infinity;
    throw error;
  }
}
