/**
 * The administrator's token of a cluster where there is no IAM: made of one secret and the cluster's id. Each cluster has
 * another one, and none has to be kept.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { TokenUsers } from '../apiserver/auth/token-users.ts';

export const adminTokenOf = (secret: string, clusterId: string): string => createHmac('sha256', secret).update(clusterId).digest('hex');

const user = { name: 'kubernetes-admin', groups: ['system:masters'] };
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export function createAdminUsers(secret: string, clusterId: string): TokenUsers {
  const expected = digest(adminTokenOf(secret, clusterId));
  return {
    async userOf(token, audiences = []) {
      return audiences.length === 0 && timingSafeEqual(expected, digest(token)) ? { user, audiences: [] } : undefined;
    },
  };
}
