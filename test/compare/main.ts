/** `npm run compare -- [access|answers|applies|cases|crds|policies|tokens|webhooks|workloads] [options]`: what is compared, by its name; answers when none is given. */
import { compareAccess } from './access.ts';
import { compareAnswers } from './answers.ts';
import { compareApplies } from './applies.ts';
import { compareCustomKinds } from './crds.ts';
import { comparePolicies } from './policies.ts';
import { recordKindCases } from './kind-cases.ts';
import { compareTokens } from './tokens.ts';
import { compareWebhooks } from './webhooks.ts';
import { compareWorkloads } from './workloads/main.ts';

const subcommands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  access: compareAccess,
  answers: compareAnswers,
  applies: compareApplies,
  cases: recordKindCases,
  crds: compareCustomKinds,
  policies: comparePolicies,
  tokens: compareTokens,
  webhooks: compareWebhooks,
  workloads: compareWorkloads,
};

const [first = '', ...rest] = process.argv.slice(2);
const isOption = first === '' || first.startsWith('-');
const run = isOption ? compareAnswers : subcommands[first];
if (run === undefined) {
  process.stderr.write(`unknown: ${first}; known: ${Object.keys(subcommands).join(', ')}\n`);
  process.exit(2);
}
process.exitCode = await run(isOption ? process.argv.slice(2) : rest);
