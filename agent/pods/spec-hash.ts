/** What of a running container's spec may change under it: its image. A container made from another hash is replaced. */
import { createHash } from 'node:crypto';
import type { Container } from '../../functions/kube/generated/types.ts';

export const specHashAnnotation = 'io.kubernetes.container.hash';

export const specHash = (container: Container): string =>
  createHash('sha256')
    .update(JSON.stringify([container.name, container.image ?? '']))
    .digest('hex')
    .slice(0, 8);
