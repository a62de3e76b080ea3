/** `npm run compare`: cases of every kind that both serve, sent to upstream's kube-apiserver and to ours. */
import { caseOf } from './cases/generate.ts';
import { findKinds } from './cases/kinds.ts';
import { prepareNamespaces, runContest } from './contest.ts';

const casesOfKind = 300;

export const compareAnswers = (args: readonly string[]): Promise<number> =>
  runContest(args, async (contest, { seed, cases = casesOfKind, isWanted }) => {
    const { both, missing } = await findKinds(contest.upstream, contest.ours);
    const kinds = both.filter(({ name }) => isWanted(name));
    await prepareNamespaces(contest, kinds);
    return {
      cases: kinds.flatMap((kind) => Array.from({ length: cases }, (_, number) => caseOf(kind, seed, number))),
      remarks: missing.length === 0 ? [] : [`only upstream serves ${missing.length}: ${missing.join(', ')}`],
    };
  });
