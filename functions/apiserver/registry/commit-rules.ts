/** The rules that hold between objects: those of the admission plug-ins, then those of the kind itself. */
import { invalidObject } from '../../kube/field-error.ts';
import type { View } from '../../kube/view.ts';
import type { AnyDefinition, CommitChange, CommitRule, CompanionWrite, WriteContext } from '../../resources/definition.ts';
import type { AdmissionPlugin } from '../ports.ts';
import type { ResourceRequest } from '../server.ts';
import { overlaid } from './overlay-view.ts';

/** How many objects one write may change besides its own. */
const companionsMax = 50;

export interface Remarks {
  readonly warnings: string[];
  readonly annotations: Record<string, string>;
}

export interface CommitRules {
  /** Resources whose objects the rules list. */
  readonly lists: readonly string[];
  /** Whether a rule may change the object in place, so that each decision needs a copy of its own. */
  readonly changesObject: boolean;
  /** What the rules remarked on when they were applied last. */
  readonly remarks: Remarks;
  /** Answers with the other writes of the commit; throws a StatusError to refuse. */
  apply(change: CommitChange, view: View, context: WriteContext, earlier?: readonly CompanionWrite[]): readonly CompanionWrite[];
}

export function commitRules(
  definition: AnyDefinition,
  operation: CommitChange['operation'],
  plugins: readonly AdmissionPlugin[],
): CommitRules {
  const concerns = ({ operations = ['create', 'update'] }: CommitRule): boolean => operations.includes(operation);
  const own = (definition.commit ?? []).filter(concerns);
  const rules = [...plugins.flatMap(({ commit }) => (commit !== undefined && concerns(commit) ? [commit] : [])), ...own];
  const remarks: Remarks = { warnings: [], annotations: {} };
  return {
    remarks,
    lists: rules.flatMap(({ lists = [] }) => lists),
    changesObject: own.length > 0,
    apply(change, view, context, earlier = []) {
      const writes = [...earlier];
      forget(remarks);
      for (const rule of rules) {
        const outcome = rule.apply(change, overlaid(view, writes), context);
        remarks.warnings.push(...(outcome.warnings ?? []));
        Object.assign(remarks.annotations, outcome.annotations);
        if (outcome.refusal !== undefined) throw outcome.refusal;
        if (outcome.errors !== undefined && outcome.errors.length > 0)
          throw invalidObject(definition.type, change.key.name, outcome.errors);
        writes.push(...(outcome.writes ?? []));
      }
      if (writes.length > companionsMax) throw new Error(`a write of ${change.key.resource} would change ${writes.length} other objects`);
      return writes;
    },
  };
}

function forget({ warnings, annotations }: Remarks): void {
  warnings.length = 0;
  for (const key of Object.keys(annotations)) delete annotations[key];
}

/** Goes out with the answer, also with a refusal. */
export function publish({ remarks }: CommitRules, { warnings, annotations }: Pick<ResourceRequest, 'warnings' | 'annotations'>): void {
  for (const warning of remarks.warnings) warnings.add(warning);
  for (const [key, value] of Object.entries(remarks.annotations)) annotations.set(key, value);
}
