/** `npm run compare applies`: applies by two and three managers over every kind, built-in and custom; managedFields entry by entry. */
import { caseFrom } from './cases/generate.ts';
import { findKinds } from './cases/kinds.ts';
import { appliesOfManagers, oddApply, ownedByUpdate, statusApply } from './cases/recipes/apply.ts';
import { prepareNamespaces, runContest } from './contest.ts';
import { installCustomKinds } from './custom/install.ts';

const casesOfKind = 60;
const customKindsCount = 20;

export const compareApplies = (args: readonly string[]): Promise<number> =>
  runContest(args, async (contest, { seed, cases = casesOfKind, isWanted }) => {
    // First, as upstream publishes the schemas of custom kinds some time after it serves them.
    const { both } = await findKinds(contest.upstream, contest.ours);
    const custom = await installCustomKinds(contest, { seed, count: customKindsCount });
    const kinds = [...both, ...custom].filter(({ name }) => isWanted(name));
    await prepareNamespaces(contest, kinds);
    const recipes = [
      [10, appliesOfManagers],
      [5, ownedByUpdate],
      [3, statusApply],
      [1, oddApply],
    ] as const;
    return {
      cases: kinds.flatMap((kind) =>
        Array.from({ length: cases }, (_, number) => caseFrom(recipes, { kind, seed, number })).filter((made) => made !== undefined),
      ),
    };
  });
