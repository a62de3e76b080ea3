/** The settings of nodes that are only parts of one machine. */
import type { AgentConfig } from '../../../agent/config.ts';

/**
 * They share the machine's disk, which may be full of other things: pods are evicted only before it is full altogether. Images
 * come from archives, and no registry has them: none is removed.
 */
export const sharedDisk: Pick<AgentConfig, 'evictionHard' | 'imageGCHighThresholdPercent'> = {
  evictionHard: {
    'memory.available': '100Mi',
    'nodefs.available': '1Gi',
    'nodefs.inodesFree': '1%',
    'imagefs.available': '1Gi',
    'imagefs.inodesFree': '1%',
  },
  imageGCHighThresholdPercent: 100,
};
