/** Signs approved requests with the cluster's authority. Source: pkg/controller/certificates/signer/signer.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import type { CertificateSigningRequest } from '../../kube/generated/types.ts';
import { certificateSigningRequests } from '../../kube/resource-type.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { signers } from './request-rules.ts';
import { conditionIn, isIssued, parsedRequest, pemOf } from './requests.ts';
import { certificateWatches } from './watches.ts';
import { certificatesRole } from './role.ts';

/** Signs with the key of the authority, and answers in PEM. */
export type CertificateSigner = (request: {
  readonly requestPem: string;
  readonly usages: readonly string[];
  readonly seconds: number;
}) => Promise<string>;

/** A year: the default of --cluster-signing-duration. */
const secondsMax = 8760 * 3600;
const secondsMin = 600;

export function createCertificateSigningController(sign: CertificateSigner): Controller {
  return {
    name: 'certificate-signing',
    actsAs: userNameOf(certificatesRole),
    component: 'certificate-controller',
    watches: certificateWatches,
    all: (cache) => namesOf(cache.list(certificateSigningRequests)),
    async reconcile(name, context) {
      const request = context.cache.get(certificateSigningRequests, name);
      if (request === undefined || isIssued(request) || !isApproved(request)) return settled;
      const rule = signers.get(request.spec.signerName);
      if (rule === undefined) return settled;
      const { usages = [], expirationSeconds = secondsMax } = request.spec;
      const refusal = rule(parsedRequest(request), usages);
      if (refusal !== undefined) await fail(request, refusal, context);
      else {
        const seconds = Math.min(secondsMax, Math.max(secondsMin, expirationSeconds));
        const pem = await sign({ requestPem: pemOf(request), usages, seconds });
        await save(request, { ...request.status, certificate: Buffer.from(pem).toString('base64') }, context);
      }
      return settled;
    },
  };
}

const isApproved = (request: CertificateSigningRequest): boolean =>
  conditionIn(request, 'Approved') !== undefined &&
  conditionIn(request, 'Denied') === undefined &&
  conditionIn(request, 'Failed')?.status !== 'True';

async function fail(request: CertificateSigningRequest, message: string, context: ReconcileContext): Promise<void> {
  const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message };
  await save(request, { ...request.status, conditions: [...(request.status?.conditions ?? []), failed] }, context);
}

async function save(
  request: CertificateSigningRequest,
  status: CertificateSigningRequest['status'],
  { client }: ReconcileContext,
): Promise<void> {
  await client.update(certificateSigningRequests, { ...copy(request), status: copy(status ?? {}) }, 'status');
}
