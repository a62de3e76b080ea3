/** `/approval` changes the conditions and nothing else. Source: pkg/registry/certificates/certificates/strategy.go. */
import { invalidObject } from '../../../kube/field-error.ts';
import type { CertificateSigningRequest } from '../../../kube/generated/types.ts';
import { nameOf } from '../../../kube/object.ts';
import { certificateSigningRequests } from '../../../kube/resource-type.ts';
import type { ObjectSubresource } from '../../definition.ts';
import { withTimes } from './strategy.ts';
import { validateApproval } from './validation.ts';

export const writeApproval: ObjectSubresource<CertificateSigningRequest>['write'] = (current, body, context) => {
  const { metadata, status } = body as CertificateSigningRequest;
  const { conditions: _conditions, ...kept } = current.status ?? {};
  const conditions = withTimes(status?.conditions ?? [], current.status?.conditions ?? [], context);
  const object = { ...current, metadata, status: { ...kept, ...(conditions.length === 0 ? {} : { conditions }) } };
  const errors = validateApproval(object, current);
  if (errors.length > 0) throw invalidObject(certificateSigningRequests, nameOf(object), errors);
  return { outcome: 'update', object };
};
