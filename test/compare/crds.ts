/** `npm run compare crds`: definitions of custom kinds, valid and broken ones, and cases of every kind that they declare. */
import type { Case } from './cases/case.ts';
import { caseFrom, caseOf, type WeightedRecipes } from './cases/generate.ts';
import { findKinds } from './cases/kinds.ts';
import { triedCreation } from './cases/recipes/create.ts';
import { prepareNamespaces, runContest } from './contest.ts';
import { customKinds, installCustomKinds } from './custom/install.ts';
import { changedDefinition, installedDefinition, lifeOfVersions, tableOfAll } from './custom/recipes.ts';
import { customResourceDefinition } from './custom/written.ts';
import { copy } from '../../functions/kube/copy.ts';
import type { JsonObject } from '../../functions/kube/object.ts';

const kindsCount = 120;
const casesOfKind = 40;
const casesOfDefinitions = 1200;

const ofDefinitions: WeightedRecipes = [
  [8, triedCreation],
  [3, changedDefinition],
  [1, installedDefinition],
];

export const compareCustomKinds = (args: readonly string[]): Promise<number> =>
  runContest(args, async (contest, { seed, cases = casesOfKind, isWanted }) => {
    const { both } = await findKinds(contest.upstream, contest.ours);
    const installed = await installCustomKinds(contest, { seed, count: kindsCount });
    const kinds = installed.filter(({ name }) => isWanted(name));
    await prepareNamespaces(contest, kinds);
    const declaring = both.find(({ resource }) => resource === 'customresourcedefinitions');
    const definitions = customKinds(seed, kindsCount).map(customResourceDefinition);
    const definitionCases = declaring !== undefined && isWanted('definitions') ? Math.round((casesOfDefinitions * cases) / casesOfKind) : 0;
    const others: (Case | undefined)[] = Array.from({ length: definitionCases }, (_, number) => {
      if (declaring === undefined) return undefined;
      const isCreation = number % 3 !== 0;
      const bases = isCreation ? definitions.map(renamed) : definitions;
      const recipes = isCreation ? ofDefinitions.slice(0, 1) : ofDefinitions.slice(1);
      return caseFrom(recipes, { kind: { ...declaring, name: 'definitions', bases }, seed, number });
    });
    return {
      cases: [
        ...kinds.flatMap((kind) => [
          ...tableOfAll(kind),
          ...lifeOfVersions(kind),
          ...Array.from({ length: cases }, (_, number) => caseOf(kind, seed, number)),
        ]),
        ...others.filter((made) => made !== undefined),
      ],
    };
  });

/** A name that nothing has: creations of it are only tried. */
function renamed(definition: JsonObject): JsonObject {
  const result = copy(definition);
  const spec = result['spec'] as { group: string; names: { plural: string; kind: string; shortNames: string[] } };
  spec.group = 'tried.example.com';
  result['metadata'] = { name: `${spec.names.plural}.${spec.group}` };
  return result;
}
