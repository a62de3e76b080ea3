/** The rules that hold between objects: those of the admission plug-ins, then those of the kind itself. */
import { invalidObject } from '../../kube/field-error.ts';
import type { View } from '../../kube/view.ts';
import type { AnyDefinition, CommitChange, CommitRule, CompanionWrite, WriteContext } from '../../resources/definition.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { overlaid } from './overlay-view.ts';

/** How many objects one write may change besides its own. */
const companionsMax = 50;

export interface CommitRules {
  /** Resources whose objects the rules list. */
  readonly lists: readonly string[];
  /** Whether a rule may change the object in place, so that each decision needs a copy of its own. */
  readonly changesObject: boolean;
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
  return {
    lists: rules.flatMap(({ lists = [] }) => lists),
    changesObject: own.length > 0,
    apply(change, view, context, earlier = []) {
      const writes = [...earlier];
      for (const rule of rules) {
        const outcome = rule.apply(change, overlaid(view, writes), context);
        if (outcome.errors !== undefined && outcome.errors.length > 0)
          throw invalidObject(definition.type, change.key.name, outcome.errors);
        writes.push(...(outcome.writes ?? []));
      }
      if (writes.length > companionsMax) throw new Error(`a write of ${change.key.resource} would change ${writes.length} other objects`);
      return writes;
    },
  };
}
