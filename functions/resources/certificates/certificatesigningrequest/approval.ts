/** `/approval` changes the conditions and nothing else. Source: pkg/registry/certificates/certificates/strategy.go. */
import type { CertificateSigningRequest } from '../../../kube/generated/types.ts';
import type { ObjectSubresource } from '../../definition.ts';
import { withTimes } from './strategy.ts';

export const approval: ObjectSubresource<CertificateSigningRequest> = {
  kind: 'object',
  name: 'approval',
  verbs: ['get', 'patch', 'update'],
  keepsGeneration: true,
  write(current, body, context) {
    const { metadata, status } = body as CertificateSigningRequest;
    const { conditions: _conditions, ...kept } = current.status ?? {};
    const conditions = withTimes(status?.conditions ?? [], current.status?.conditions ?? [], context);
    const object = { ...current, metadata, status: { ...kept, ...(conditions.length === 0 ? {} : { conditions }) } };
    return { outcome: 'update', object };
  },
};
