/** What a controller may do, and so as whom it acts: each cluster grants these rules to a ServiceAccount of that name. */
import type { PolicyRule } from './generated/types.ts';

export interface ControllerRole {
  /** The name of its ServiceAccount in kube-system. */
  readonly name: string;
  /** What it may do in the whole cluster. */
  readonly rules?: readonly PolicyRule[];
  /** What it may do in one namespace. */
  readonly namespaced?: readonly { readonly namespace: string; readonly rules: readonly PolicyRule[] }[];
}

export const userNameOf = ({ name }: ControllerRole): string => `system:serviceaccount:kube-system:${name}`;
