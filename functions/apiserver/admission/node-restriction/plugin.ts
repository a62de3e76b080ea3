/** Whose writes the plug-in judges. How, is read when the first node writes. */
import { nodeOf } from '../../auth/groups.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../../ports.ts';
import type { AdmissionOptions, PluginKind } from '../plugin-kind.ts';

const operations: readonly AdmissionAttributes['operation'][] = ['CREATE', 'UPDATE', 'DELETE'];

export const nodeRestriction: PluginKind = {
  name: 'NodeRestriction',
  isDefault: true,
  create: (options: AdmissionOptions): AdmissionPlugin => {
    let judge: AdmissionPlugin | undefined;
    return {
      name: 'NodeRestriction',
      handles: ({ user, operation }) => operations.includes(operation) && nodeOf(user) !== undefined,
      async admit(attributes) {
        judge ??= (await import('./node-restriction.ts')).nodeRestrictionOf(options);
        if (judge.handles(attributes)) await judge.admit?.(attributes);
      },
    };
  },
};
